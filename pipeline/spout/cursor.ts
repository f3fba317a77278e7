import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';

/** How far back from the end to look first; widened until a watermark is found. */
const FIRST_LOOK = 2_000;

/** The source's own last watermark in the topic, the least over partitions; null where some has none. */
export async function readCursor(
  log: EventLog,
  codec: Codec,
  at: { topic: string; source: string },
): Promise<number | null> {
  let least = Number.POSITIVE_INFINITY;
  const partitions = await log.partitions(at.topic);
  for (let partition = 0; partition < partitions; partition++) {
    const last = await lastWatermark(log, codec, { ...at, partition });
    if (last === null) return null;
    least = Math.min(least, last);
  }
  return least;
}

async function lastWatermark(
  log: EventLog,
  codec: Codec,
  at: { topic: string; source: string; partition: number },
): Promise<number | null> {
  const { start, end } = await log.range(at.topic, at.partition);
  for (let look = FIRST_LOOK; ; look *= 16) {
    const from = Math.max(start, end - look);
    const found = await scan(log, codec, { ...at, from, end });
    if (found !== null || from === start) return found;
  }
}

async function scan(
  log: EventLog,
  codec: Codec,
  {
    topic,
    partition,
    source,
    from,
    end,
  }: { topic: string; partition: number; source: string; from: Offset; end: Offset },
): Promise<number | null> {
  const reader = log.read(topic, partition, from);
  const id = codec.idOf('Watermark');
  let found: number | null = null;
  for (let at = from; at < end; ) {
    const batch = await reader.pull({ waitMs: 0 });
    if (batch === null) break;
    at = batch.next;
    while (batch.advance()) {
      const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
      if (value.length < 5 || value.readUInt32BE(1) !== id) continue;
      const decoded = codec.decode(value);
      if (decoded.type === 'Watermark' && decoded.value.source === source) {
        found = Math.max(found ?? Number.NEGATIVE_INFINITY, decoded.value.timestamp);
      }
    }
  }
  await reader.close();
  return found;
}
