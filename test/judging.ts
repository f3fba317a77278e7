import { expect } from 'vitest';
import { Backtest, type BacktestOutput } from '../pipeline/backtest/backtest.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import type { SimulatedTarget, Simulation } from './simulation.js';

const rules = recompile(
  'sla.yaml',
  'version: 1\nslas:\n  - { alert: Slow, by: [service, route], window: 10s, when: mean_latency > 1s }\n',
);

/** Judges all that the spouts wrote; totals of the closed windows by service and route. */
export async function judge(simulation: Simulation): Promise<{
  totals: Record<string, { requests: number; latencySum: number }>;
  account: Readonly<Record<string, number>>;
}> {
  const totals: Record<string, { requests: number; latencySum: number }> = {};
  const emit = ({ type, value }: BacktestOutput): void => {
    if (type !== 'WindowRecord') return;
    const group = `${value.group.service} ${value.group.route}`;
    const total = totals[group] ?? { requests: 0, latencySum: 0 };
    totals[group] = {
      requests: total.requests + value.requests,
      latencySum: total.latencySum + value.latencySum,
    };
  };
  const { codec } = simulation;
  const run = new Backtest({
    codec,
    rules,
    partitions: await simulation.log.partitions('metrics'),
    expand: expandTemplate,
    warn: (message) => expect.unreachable(message),
    emit,
  });
  for await (const { partition, key, value } of simulation.records()) {
    const record = codec.decode(value);
    if (record.type === 'MetricRecord' || record.type === 'Watermark') run.push({ partition, key, record });
  }
  run.finish();
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
