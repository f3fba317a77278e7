import { expect } from 'vitest';
import { Topology } from '../pipeline/backtest/topology.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { recompile } from '../pipeline/sla/compile.js';
import type { Produced } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog } from '../platform/log/event-log.js';
import { metricsOf, type SimulatedTarget } from './simulation.js';

const rulesOf = (window: string): RuleSet =>
  recompile(
    'sla.yaml',
    `version: 1\nslas:\n  - { alert: Slow, by: [service, route], ${window}, when: mean_latency > 1s }\n`,
  );

/** What the spouts wrote, wherever that is. */
export interface Written {
  readonly log: EventLog;
  readonly codec: Codec;
}

/** Every series and time in the log, ms since the epoch. */
export async function stamps({ log, codec }: Written): Promise<string[]> {
  const all: string[] = [];
  for await (const { key, value } of metricsOf(log)) {
    const { type, value: record } = codec.decode(value);
    if (type === 'MetricRecord') all.push(`${key} ${record.timestamp}`);
  }
  return all;
}

/** Every value of a gauge in the log. */
export async function gauges({ log, codec }: Written, name: string): Promise<number[]> {
  const all: number[] = [];
  for await (const { value } of metricsOf(log)) {
    const { type, value: record } = codec.decode(value);
    if (type === 'MetricRecord' && record.type === 'gauge' && record.name === name) all.push(record.sum);
  }
  return all;
}

/** The least over partitions of the last watermark there, ms since the epoch. */
export async function promised({ log, codec }: Written): Promise<number> {
  const last: number[] = Array(await log.partitions('metrics')).fill(Number.NEGATIVE_INFINITY);
  for await (const { partition, value } of metricsOf(log)) {
    const { type, value: record } = codec.decode(value);
    if (type === 'Watermark') last[partition] = Math.max(last[partition] ?? 0, record.timestamp);
  }
  return Math.min(...last);
}

/** Judges all that the spouts wrote; totals of the closed windows by service and route. */
export async function judge(
  written: Written,
  window = 'window: 10s',
): Promise<{
  totals: Record<string, { requests: number; latencySum: number }>;
  account: Readonly<Record<string, number>>;
}> {
  const totals: Record<string, { requests: number; latencySum: number }> = {};
  const emit = ({ record: { type, value } }: Produced): void => {
    if (type !== 'WindowRecord') return;
    const group = `${value.group.service} ${value.group.route}`;
    const total = totals[group] ?? { requests: 0, latencySum: 0 };
    totals[group] = {
      requests: total.requests + value.requests,
      latencySum: total.latencySum + value.latencySum,
    };
  };
  const { codec, log } = written;
  const run = new Topology({
    codec,
    rules: rulesOf(window),
    partitions: await log.partitions('metrics'),
    warn: (message) => expect.unreachable(message),
    emit,
  });
  for await (const { partition, key, value } of metricsOf(log)) {
    const record = codec.decode(value);
    if (record.type === 'MetricRecord' || record.type === 'Watermark') run.push({ partition, key, record });
  }
  run.flush();
  return { totals, account: run.account };
}

/** What the targets counted, as `judge` says it. */
export const counted = (
  targets: readonly SimulatedTarget[],
): Record<string, { requests: unknown; latencySum: unknown }> =>
  Object.fromEntries(
    targets.flatMap(({ name, routes }) =>
      [...routes].map(([route, { count, sum }]) => [
        `${name} ${route}`,
        { requests: expect.closeTo(count, 6), latencySum: expect.closeTo(sum, 6) },
      ]),
    ),
  );
