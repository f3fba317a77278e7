import type { EventLog } from '../platform/log/event-log.js';

/** The Avro payloads of a topic behind their frames, as hex, by partition. */
export async function payloads(log: EventLog, topic: string): Promise<string[][]> {
  const all: string[][] = [];
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const { start, end } = await log.range(topic, partition);
    const reader = log.read(topic, partition, start);
    const own: string[] = [];
    for (let at = start; at < end; ) {
      const batch = await reader.pull({ waitMs: 300 });
      if (batch === null) break;
      at = batch.next;
      while (batch.advance()) own.push(batch.bytes.toString('hex', batch.valueStart + 5, batch.valueEnd));
    }
    await reader.close();
    all.push(own);
  }
  return all;
}
