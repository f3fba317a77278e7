import { expect } from 'vitest';
import type { Codec } from '../platform/codec/codec.js';
import { fromJson } from '../platform/codec/json.js';
import type { Batch } from '../platform/log/batch.js';
import type { EventLog } from '../platform/log/event-log.js';
import { schemaOf } from '../schemas/index.js';
import { type Line, backtest as run } from './compare.js';
import { PARTITIONS } from './metrics-log.js';

/** Every record of a partition as it is now, also where an open transaction hides some for a while. */
async function eachRecord(
  log: EventLog,
  { topic, partition }: { topic: string; partition: number },
  take: (batch: Batch) => void,
): Promise<void> {
  const { start, end } = await log.range(topic, partition);
  const reader = log.read(topic, partition, start);
  for (let idle = 0; reader.position < end && idle < 40; ) {
    const batch = await reader.pull({ waitMs: 500 });
    idle = batch === null ? idle + 1 : 0;
    while (batch?.advance()) take(batch);
  }
  await reader.close();
}

/** The Avro payloads of a topic behind their frames, as hex, by partition. */
export async function payloads(log: EventLog, topic: string): Promise<string[][]> {
  const all: string[][] = [];
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const own: string[] = [];
    await eachRecord(log, { topic, partition }, ({ bytes, valueStart, valueEnd }) =>
      own.push(bytes.toString('hex', valueStart + 5, valueEnd)),
    );
    all.push(own);
  }
  return all;
}

/** Payloads by partition. */
export interface Results {
  readonly windows: string[][];
  readonly alerts: string[][];
}

/** What `tidemark backtest` makes of the metrics that `tidemark log export` prints, as a pipeline would write it. */
export async function backtest(
  from: readonly string[],
  { codec, sla }: { readonly codec: Codec; readonly sla: string },
): Promise<Results> {
  const { lines, account } = await run(from, sla);
  // And nothing else.
  expect(account).toMatch(/^records: .*\n$/);
  const of = (topic: string): string[][] =>
    Array.from({ length: PARTITIONS }, (_, partition) =>
      lines.filter((line) => line.topic === topic && line.partition === partition).map(payload),
    );
  const payload = ({ type, value }: Line): string =>
    codec.encode(type, fromJson(schemaOf(type), value) as never).toString('hex', 5);
  return { windows: of('windows'), alerts: of('alerts') };
}

/** What a pipeline wrote. */
export async function results(log: EventLog): Promise<Results> {
  return { windows: await payloads(log, 'windows'), alerts: await payloads(log, 'alerts') };
}
