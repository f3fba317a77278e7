import type { Codec, Decoded } from '../../platform/codec/codec.js';
import { loadPatiently, type Patience, schemaIdOf } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import type { EventLog } from '../../platform/log/event-log.js';

/**
 * The records of a batch that can be read; with the offset after each. Where a schema cannot be found out
 * now, it waits with patience, and rejects without.
 */
export async function* decodeBatch(
  codec: Codec,
  batch: Batch,
  patience: Patience | null,
): AsyncGenerator<{ readonly decoded: Decoded; readonly next: number }> {
  while (batch.advance()) {
    const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
    const id = schemaIdOf(value);
    if (id !== null) await (patience ? loadPatiently(codec, id, patience) : codec.load(id));
    const decoded = tryDecode(codec, value);
    if (decoded) yield { decoded, next: batch.offset + 1 };
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

/** All records of a topic that were appended at or after the time (ms since the epoch), partition by partition. */
export async function* scanSince(
  log: EventLog,
  codec: Codec,
  { topic, time }: { topic: string; time: number },
): AsyncGenerator<Decoded> {
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const from = await log.offsetAt(topic, partition, time);
    const { end } = await log.range(topic, partition);
    const reader = log.read(topic, partition, from);
    try {
      for (let at = from; at < end; ) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        at = batch.next;
        for await (const { decoded } of decodeBatch(codec, batch, null)) yield decoded;
      }
    } finally {
      // Also where who asked has seen enough.
      await reader.close();
    }
  }
}
