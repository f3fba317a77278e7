import type { FrameBatch } from '../batch.js';
import type { Offset } from '../record.js';
import { Aborted } from './aborted.js';
import type { AbortedTransaction, FetchedMessage } from './cluster.js';

const NOTHING = Buffer.alloc(0);

export interface Taking {
  /** What lies before was not asked for: a compressed batch may begin there. */
  readonly from: Offset;
  readonly aborted: readonly AbortedTransaction[];
}

/**
 * Puts what a read-committed reader may see of messages, as kafkajs decodes them, into the batch, in place of
 * what was there; returns the offset after the last message, seen or not.
 */
export function takeMessages(
  batch: FrameBatch,
  messages: readonly FetchedMessage[],
  { from, aborted: transactions }: Taking,
): Offset {
  const aborted = new Aborted(transactions);
  batch.clear();
  let next = from;
  for (const { offset: text, timestamp, key, value, isControlRecord, batchContext } of messages) {
    const offset = Number(text);
    const producer = batchContext?.producerId ?? '';
    if (isControlRecord) aborted.ends(producer, offset, key);
    else if (offset >= from && !(batchContext?.inTransaction === true && aborted.hides(producer, offset)))
      batch.push({ key, value: value ?? NOTHING }, offset, Number(timestamp));
    next = Math.max(next, offset + 1);
  }
  batch.next = next;
  return next;
}
