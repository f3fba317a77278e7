import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTopology } from '../../cli/testing.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { recompile } from '../sla/compile.js';
import { evidenceFrom, recompute } from './recompute.js';

const SLA = `version: 1
defaults: { by: [route], window: 10s }
slas:
  - { alert: Fixed, when: mean_latency > 300ms, for: 10s }
  - { alert: Usual, when: mean_latency > 1.2 * baseline, baseline: { windows: 4, min_windows: 2 } }
  - { alert: Aged, when: request_rate > 1.1 * baseline, baseline: { windows: 3, min_windows: 1, max_age: 30s } }
  - { alert: Free, when: mean_latency < 0.9 * baseline, baseline: { windows: 3, min_windows: 1, freeze: false } }
  - { alert: Tail, when: p90_latency > 1.1 * baseline, baseline: { windows: 3, min_windows: 2 }, keep_firing_for: 20s }
  - { alert: Rolling, window: 30s, every: 10s, when: mean_latency > 1.2 * baseline, baseline: { windows: 2, min_windows: 1 } }
  - { alert: Visit, window: { session: 20s, every: 10s }, when: mean_latency > 1.2 * baseline, baseline: { windows: 3, min_windows: 1 } }
`;
const { rules } = recompile('sla.yaml', SLA);
const labels = { route: '/a', status: '200' };

/** Windows and alerts of a series that is scraped each 10 s, with so many requests of so many ms between. */
function judged(scrapes: readonly (readonly [requests: number, ms: number])[]) {
  const topology = createTopology({ sla: SLA });
  topology.watermark('spout', 0);
  let [count, sum] = [0, 0];
  const below = [0, 0];
  for (const [i, [requests, ms]] of ([[0, 0], ...scrapes] as const).entries()) {
    count += requests;
    sum += (requests * ms) / 1000;
    for (const [at, bound] of [200, 400].entries()) if (ms <= bound) below[at] = (below[at] ?? 0) + requests;
    const [fast = 0, slower = 0] = below;
    const buckets = [
      { le: 0.2, count: fast },
      { le: 0.4, count: slower },
      { le: Number.POSITIVE_INFINITY, count },
    ];
    topology.metric({ labels, timestamp: i * 10_000, count, sum, buckets });
    topology.watermark('spout', i * 10_000);
  }
  return { windows: topology.windows(), alerts: topology.alerts() };
}

function again(alert: AlertRecord, windows: readonly WindowRecord[], alerts: readonly AlertRecord[]) {
  const rule = rules.find((one) => one.alert === alert.alert);
  if (!rule) return expect.unreachable(alert.alert);
  const from = evidenceFrom(alert, rule);
  return recompute(alert, rule, {
    windows: windows.filter(({ selection, start }) => selection === rule.selection.id && start >= from),
    transitions: alerts.filter(({ fingerprint }) => fingerprint === alert.fingerprint),
  });
}

const requests = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat(20) });

test('every decision comes out the same when it is made again from the windows in the log', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(requests, fc.nat(600)), { minLength: 10, maxLength: 60 }), (scrapes) => {
      const { windows, alerts } = judged(scrapes);
      for (const alert of alerts) {
        if (alert.reason === 'no_data') continue;
        const found = again(alert, windows, alerts);
        expect({ alert: alert.alert, at: alert.windowEnd, differs: found?.differs }).toEqual({
          ...{ alert: alert.alert, at: alert.windowEnd, differs: [] },
        });
        expect(found?.lookedAt.filter(({ counted }) => counted).length ?? 0).toBe(
          alert.baseline?.windows ?? 0,
        );
        seen.add(`${alert.alert} ${alert.reason ?? alert.state}`);
        if (alert.baseline?.frozenAt != null && alert.baseline.frozenAt < alert.windowEnd) seen.add('held');
      }
    }),
    { numRuns: 60, seed: 7 },
  );
  for (const one of [
    'Usual firing',
    'Usual recovered',
    'Aged baseline expired',
    'Free firing',
    'Tail firing',
    'held',
  ])
    expect([...seen]).toContain(one);
  expect([...seen].filter((one) => /Rolling|Visit/.test(one)).length).toBeGreaterThanOrEqual(3);
});

test('a record with another number than it comes to is told of, number by number', () => {
  const { windows, alerts } = judged([
    [5, 100],
    [5, 100],
    [5, 100],
    [5, 500],
    [5, 100],
  ]);
  const alert = alerts.find((one) => one.alert === 'Usual' && one.state === 'firing');
  if (!alert) return expect.unreachable('nothing fired');
  const lying = { ...alert, value: 0.7, requests: 6 };
  expect(again(lying, windows, alerts)?.differs).toEqual([
    'value: 0.7 in the record, 0.5 again',
    'requests: 6 in the record, 5 again',
  ]);
  expect(again(alert, windows.slice(0, 1), alerts)).toBeNull();
});
