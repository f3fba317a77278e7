import { Backtest } from '../pipeline/backtest/backtest.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { groupText } from '../pipeline/model/text.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import type { Codec, Decoded } from '../platform/codec/codec.js';
import type { Batch } from '../platform/log/batch.js';
import type { EventLog } from '../platform/log/event-log.js';
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

/** What a backtest makes of the metrics in a log, by the partition that each group belongs to. */
export async function backtest(
  log: EventLog,
  { codec, rules }: { codec: Codec; rules: RuleSet },
): Promise<Results> {
  const result: Results = { windows: [], alerts: [] };
  for (let p = 0; p < PARTITIONS; p++) for (const of of [result.windows, result.alerts]) of.push([]);
  const run = new Backtest({
    codec,
    rules,
    partitions: PARTITIONS,
    expand: expandTemplate,
    warn: (text) => {
      throw new Error(text);
    },
    emit: ({ type, value }) => {
      const route = type === 'WindowRecord' ? value.group.route : value.labels.route;
      const partition = partitionOf(groupText({ route: route ?? '' }), PARTITIONS);
      const payload = codec.encode(type, value as never).toString('hex', 5);
      result[type === 'WindowRecord' ? 'windows' : 'alerts'][partition]?.push(payload);
    },
  });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await eachRecord(log, { topic: 'metrics', partition }, (batch) => {
      const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
      const record = decodeOr(codec, bytes.subarray(valueStart, valueEnd));
      if (record === null) return;
      const key = bytes.toString('utf8', keyStart, keyEnd);
      if (record.type === 'MetricRecord' || record.type === 'Watermark') run.push({ partition, key, record });
    });
  }
  run.finish();
  return result;
}

/** Null for what nobody can read: it is no metric. */
function decodeOr(codec: Codec, value: Uint8Array): Decoded | null {
  try {
    return codec.decode(value);
  } catch {
    return null;
  }
}

/** What a pipeline wrote. */
export async function results(log: EventLog): Promise<Results> {
  return { windows: await payloads(log, 'windows'), alerts: await payloads(log, 'alerts') };
}
