import type { DeadLetter } from '../../schemas/types.js';
import { type Account, RAW_DEAD_LETTERS } from '../model/account.js';
import { type Block, Class, classes, type RecordClass } from '../model/block.js';
import type { RecordCursor } from '../model/cursor.js';

const dead: readonly boolean[] = classes.map((name) =>
  ['skewed', 'bad', 'out_of_order', 'late'].includes(name),
);

const details: Readonly<Record<string, string>> = {
  skewed: 'it lies too far ahead of the watermark, or there is no watermark yet',
  out_of_order: 'it is older than the sample before it, and lies in no interval already counted',
  late: 'it meets windows that are closed',
};

export interface Origin {
  readonly topic: string;
  readonly partition: number;
}

/** Counts the rows of a block by class, and gives the dead letters they call for, in log order. */
export function account(block: Block, totals: Account, origin: Origin): readonly DeadLetter[] {
  const { class: classed, rows } = block;
  const due: Due[] = [];
  totals.refused += block.refused;
  let mark = 0;
  let marked = block.watermarks[0]?.row;
  for (let row = 0; row < rows; row++) {
    if (row === marked) {
      marked = block.watermarks[++mark]?.row;
      for (const more of beyondRaw(totals)) due.push({ row, ...more });
      continue;
    }
    const code = classed[row] ?? Class.none;
    if (code === Class.none) continue;
    const index = code - 1;
    totals.totals[index] = (totals.totals[index] ?? 0) + 1;
    if (!dead[index]) continue;
    const since = (totals.since[index] ?? 0) + 1;
    totals.since[index] = since;
    if (since <= RAW_DEAD_LETTERS) due.push({ row, reason: classes[index] ?? 'bad', more: 0 });
  }
  // Where in the log they lie is kept of no row: letters are few.
  return due.length === 0 ? [] : written(block, due, origin);
}

/** A letter about the record of a row; or at it, about so many more. */
interface Due {
  readonly row: number;
  readonly reason: RecordClass;
  readonly more: number;
}

function written(block: Block, due: readonly Due[], origin: Origin): DeadLetter[] {
  const letters: DeadLetter[] = [];
  let next = 0;
  for (const record of block.at(due.map(({ row }) => row))) {
    const one = due[next++] as Due;
    const at = { reason: one.reason, ...origin, offset: record.offset };
    if (one.more === 0) letters.push(raw(block, one, at, record));
    else
      letters.push({
        ...at,
        detail: `${one.more} more records of this class before this watermark`,
        ...{ records: one.more, windows: [], key: null, value: null },
      });
  }
  return letters;
}

type At = Pick<DeadLetter, 'reason' | 'topic' | 'partition' | 'offset'>;

function raw(block: Block, { row, reason }: Due, at: At, record: RecordCursor): DeadLetter {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = record;
  return {
    ...at,
    detail: block.problems.get(row) ?? details[reason] ?? reason,
    records: 1,
    windows: block.late.get(row) ?? [],
    key: keyStart < 0 ? null : Buffer.from(bytes.subarray(keyStart, keyEnd)),
    value: Buffer.from(bytes.subarray(valueStart, valueEnd)),
  };
}

/** What was beyond the limit since the last watermark, by class; begins anew. */
function* beyondRaw({ since }: Account): Generator<Pick<Due, 'reason' | 'more'>> {
  for (const [index, reason] of classes.entries()) {
    const more = (since[index] ?? 0) - RAW_DEAD_LETTERS;
    since[index] = 0;
    if (more > 0) yield { reason, more };
  }
}
