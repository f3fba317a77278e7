import { Backtest } from '../pipeline/backtest/backtest.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { groupText } from '../pipeline/model/text.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog } from '../platform/log/event-log.js';
import { PARTITIONS } from './metrics-log.js';

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
    const reader = log.read('metrics', partition, 0);
    for (let batch = await reader.pull({ waitMs: 300 }); batch; batch = await reader.pull({ waitMs: 300 })) {
      while (batch.advance()) {
        const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
        const record = codec.decode(bytes.subarray(valueStart, valueEnd));
        const key = bytes.toString('utf8', keyStart, keyEnd);
        if (record.type === 'MetricRecord' || record.type === 'Watermark')
          run.push({ partition, key, record });
      }
    }
    await reader.close();
  }
  run.finish();
  return result;
}

/** What a pipeline wrote. */
export async function results(log: EventLog): Promise<Results> {
  return { windows: await payloads(log, 'windows'), alerts: await payloads(log, 'alerts') };
}
