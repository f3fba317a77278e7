import { concatMap, type OperatorFunction } from 'rxjs';
import type { DeadLetter, PartialBatch } from '../../schemas/types.js';
import type { RecordCursor } from '../model/cursor.js';

/** What a value of `partials` is: a batch, null for one that is not ours to read, or what is wrong with it. */
export type ReadPartial = (value: Uint8Array) => PartialBatch | null | string;

export type PartialRow =
  | { readonly kind: 'batch'; readonly batch: PartialBatch }
  | { readonly kind: 'dead'; readonly letter: DeadLetter };

/** Bytes to partial batches, which are few and large; what cannot be read becomes a dead letter. */
export function readPartials(
  read: ReadPartial,
  origin: { readonly topic: string; readonly partition: number },
): OperatorFunction<RecordCursor, PartialRow> {
  return concatMap((cursor) => {
    const rows: PartialRow[] = [];
    while (cursor.advance()) {
      const value = cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd);
      const batch = read(value);
      if (typeof batch === 'string') rows.push({ kind: 'dead', letter: letter(cursor, batch, origin) });
      else if (batch !== null) rows.push({ kind: 'batch', batch });
    }
    return rows;
  });
}

function letter(
  cursor: RecordCursor,
  detail: string,
  origin: { readonly topic: string; readonly partition: number },
): DeadLetter {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, offset } = cursor;
  return {
    reason: 'bad',
    detail,
    ...origin,
    offset,
    records: 1,
    windows: [],
    key: keyStart < 0 ? null : Buffer.from(bytes.subarray(keyStart, keyEnd)),
    value: Buffer.from(bytes.subarray(valueStart, valueEnd)),
  };
}
