import type { Codec } from '../../platform/codec/codec.js';
import type { Offset } from '../../platform/log/event-log.js';
import type { AlertRecord } from '../../schemas/types.js';
import type { Entry } from '../follow/scan.js';
import { deadLetter } from '../stage/stage.js';
import { type Notice, noticeOf } from './notice.js';

/** A notice with where it comes from; `offset` is null where that is not known any more. */
export interface Item {
  readonly notice: Notice;
  readonly record: AlertRecord;
  readonly partition: number;
  readonly offset: Offset | null;
}

/** None where nobody is told. */
export function itemOf(record: AlertRecord, partition: number, offset: Offset | null): Item[] {
  const notice = noticeOf(record);
  return notice ? [{ notice, record, partition, offset }] : [];
}

export const itemsOf = ({ decoded, next }: Entry, partition: number): Item[] =>
  decoded.type === 'AlertRecord' ? itemOf(decoded.value, partition, next - 1) : [];

/** The dead letter of one that was not taken; none where it was told without a place in the log. */
export function letterOf(
  { record, partition, offset }: Item,
  { codec, topic, detail }: { readonly codec: Codec; readonly topic: string; readonly detail: string },
) {
  if (offset === null) return [];
  return deadLetter({
    ...{ reason: 'undelivered', detail, topic, partition, offset, records: 1, windows: [] },
    key: Buffer.from(record.fingerprint),
    value: codec.encode('AlertRecord', record),
  });
}
