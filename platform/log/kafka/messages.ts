import type { FrameBatch } from '../batch.js';
import type { Offset } from '../record.js';
import type { AbortedTransaction, FetchedMessage } from './cluster.js';

/** Type of a control record, in its key, behind the version. */
const ABORT = 0;

/**
 * Puts what a read-committed reader may see of a fetch into the batch; returns the offset after the last
 * message, seen or not. (kafkajs's own filter shows aborted records where transactions overlap, and
 * takes a key of four zero bytes for a marker.)
 */
export function takeMessages(
  batch: FrameBatch,
  messages: readonly FetchedMessage[],
  { from, aborted }: { readonly from: Offset; readonly aborted: readonly AbortedTransaction[] },
): Offset {
  const waiting = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first);
  const open = new Set<string>();
  let begun = 0;
  let next = from;
  for (const { offset: text, timestamp, key, value, isControlRecord, batchContext } of messages) {
    const offset = Number(text);
    for (let one = waiting[begun]; one && one.first <= offset; one = waiting[++begun])
      open.add(one.producerId);
    const producer = batchContext?.producerId ?? '';
    if (isControlRecord) {
      if (key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT) open.delete(producer);
    } else if (offset >= from && !(batchContext?.inTransaction === true && open.has(producer))) {
      batch.push({ key, value: value ?? Buffer.alloc(0) }, offset, Number(timestamp));
    }
    // A compressed batch may begin before the offset that was asked for.
    next = Math.max(next, offset + 1);
  }
  return next;
}
