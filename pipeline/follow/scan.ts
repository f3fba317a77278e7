import type { Codec, Decoded } from '../../platform/codec/codec.js';
import { loadPatiently, type Patience, schemaIdOf } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import { type EventLog, LogError, type LogReader, type Offset } from '../../platform/log/event-log.js';
import { StoreError, toldByStore } from '../../platform/store/store.js';

const RETRY_MS = 1_000;

/** A record that can be read, with the offset after it, and how many bytes it has in the log. */
export interface Entry {
  readonly decoded: Decoded;
  readonly next: Offset;
  readonly bytes: number;
}

/**
 * The records of a batch that can be read. Where a schema cannot be found out now, it waits with patience,
 * and rejects without.
 */
export async function* decodeBatch(
  codec: Codec,
  batch: Batch,
  patience: Patience | null,
): AsyncGenerator<Entry> {
  while (batch.advance()) {
    const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
    const id = schemaIdOf(value);
    if (id !== null) await (patience ? loadPatiently(codec, id, patience) : codec.load(id));
    const decoded = tryDecode(codec, value);
    if (decoded) yield { decoded, next: batch.offset + 1, bytes: value.length };
  }
}

/** A record that nobody can read is no alert, and must not end the stream of those that are. */
function tryDecode(codec: Codec, value: Uint8Array): Decoded | null {
  try {
    return codec.decode(value);
  } catch {
    return null;
  }
}

/** Asks until log or store can be reached, and says that it waits; null where the signal is aborted before. */
export async function patiently<T>(
  { pause, warn, signal }: Patience,
  ask: () => Promise<T>,
): Promise<T | null> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!((error instanceof LogError || error instanceof StoreError) && error.retryable)) throw error;
      // A store says so by itself.
      if (!toldByStore(error)) warn(`${error.message}; trying again`);
      await pause(RETRY_MS, signal);
    }
  }
  return null;
}

/** The next batch; null where none came in time. What cannot be reached now is waited for. */
export const pullPatiently = (reader: LogReader, waitMs: number, patience: Patience): Promise<Batch | null> =>
  patiently(patience, () => reader.pull({ waitMs, signal: patience.signal }));

/** A record with the partition that it lies in. */
export interface Placed extends Entry {
  readonly partition: number;
}

/**
 * All records of a topic, or of one partition of it, that were appended at or after the time (ms since the
 * epoch), partition by partition.
 */
export async function* scanSince(
  log: EventLog,
  codec: Codec,
  { topic, time, partition: only = null }: { topic: string; time: number; partition?: number | null },
): AsyncGenerator<Placed> {
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    if (only !== null && partition !== only) continue;
    const from = await log.offsetAt(topic, partition, time);
    const { end } = await log.range(topic, partition);
    const reader = log.read(topic, partition, from);
    try {
      for (let at = from; at < end; ) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        at = batch.next;
        for await (const entry of decodeBatch(codec, batch, null)) yield { ...entry, partition };
      }
    } finally {
      // Also where who asked has seen enough.
      await reader.close();
    }
  }
}
