import type { Codec, Decoded } from '../../platform/codec/codec.js';
import type { Batch } from '../../platform/log/batch.js';
import type { EventLog } from '../../platform/log/event-log.js';

/** The records of a batch that can be read; with the offset after each. */
export async function* decodeBatch(
  codec: Codec,
  batch: Batch,
): AsyncGenerator<{ readonly decoded: Decoded; readonly next: number }> {
  while (batch.advance()) {
    const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
    if (value.length >= 5) await codec.load(value.readUInt32BE(1));
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
    for (let at = from; at < end; ) {
      const batch = await reader.pull({ waitMs: 0 });
      if (batch === null) break;
      at = batch.next;
      for await (const { decoded } of decodeBatch(codec, batch)) yield decoded;
    }
    await reader.close();
  }
}
