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
  - { alert: Both, when: [mean_latency > 300ms, request_rate > 1.1 * baseline], baseline: { windows: 3, min_windows: 1, max_age: 30s }, keep_firing_for: 20s }
  - { alert: Two, when: [mean_latency > 1.1 * baseline, p90_latency > 150ms], baseline: { windows: 3, min_windows: 1 }, clear: mean_latency < 0.9 * baseline }
  - { alert: Median, when: mean_latency > baseline + 1 * mad, baseline: { method: median, windows: 5, min_windows: 2 } }
  - { alert: Before, when: request_rate > 1.2 * baseline, baseline: { offset: 30s, windows: 2, min_windows: 1 } }
  - { alert: Gone, when: [mean_latency > 400ms, request_rate > 1.2 * baseline], no_data: alert, baseline: { windows: 3, min_windows: 1 } }
  - { alert: Lost, when: request_rate > 1.2 * baseline, no_data: alert, baseline: { windows: 3, min_windows: 1 } }
  - alert: Burn
    objective: 90%
    sli: latency < 200ms
    burn_rate:
      - { long: 1m, short: 20s, factor: 3 }
      - { long: 2m, short: 30s, factor: 2 }
      - { long: 3m, short: 1m, factor: 1, severity: info }
`;
const { rules } = recompile('sla.yaml', SLA);
const labels = { route: '/a', status: '200' };

/** Windows and alerts of a series that is scraped each 10 s, with so many requests of so many ms between; null: not scraped. */
function judged(scrapes: readonly (readonly [requests: number | null, ms: number])[]) {
  const topology = createTopology({ sla: SLA });
  topology.watermark('spout', 0);
  let [count, sum] = [0, 0];
  const below = [0, 0];
  for (const [i, [requests, ms]] of ([[0, 0], ...scrapes] as const).entries()) {
    if (requests === null) {
      topology.watermark('spout', i * 10_000);
      continue;
    }
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
  const rule = rules.find((one) => one.alert === alert.alert && one.severity === alert.severity);
  if (!rule) return expect.unreachable(alert.alert);
  const from = evidenceFrom(alert, rule);
  return recompute(alert, rule, {
    windows: windows.filter(({ selection, start }) => selection === rule.selection.id && start >= from),
    transitions: alerts.filter(({ fingerprint }) => fingerprint === alert.fingerprint),
  });
}

const requests = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 5, arbitrary: fc.nat(20) },
);

test('every decision comes out the same when it is made again from the windows in the log', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(requests, fc.nat(600)), { minLength: 10, maxLength: 60 }), (scrapes) => {
      const { windows, alerts } = judged(scrapes);
      for (const alert of alerts) {
        if (alert.reason === 'no_data' || alert.requests === null) {
          seen.add(`${alert.alert} no data`);
          continue;
        }
        const found = again(alert, windows, alerts);
        expect({ alert: alert.alert, at: alert.windowEnd, differs: found?.differs }).toEqual({
          ...{ alert: alert.alert, at: alert.windowEnd, differs: [] },
        });
        expect(found?.lookedAt.filter(({ counted }) => counted).length ?? 0).toBe(found?.windows ?? 0);
        expect(found?.conditions).toEqual(alert.conditions);
        expect(found?.partly === null).toBe(alert.measure !== 'burn_rate');
        seen.add(`${alert.alert} ${alert.reason ?? alert.state}`);
        if (alert.baseline?.frozenAt != null && alert.baseline.frozenAt < alert.windowEnd) seen.add('held');
      }
    }),
    { numRuns: 40, seed: 7 },
  );
  for (const one of [
    'Usual firing',
    'Usual recovered',
    'Aged baseline expired',
    'Free firing',
    'Tail firing',
    'held',
    ...['Both firing', 'Both recovered', 'Two recovered', 'Median firing', 'Before firing', 'Gone recovered'],
    ...['Gone no data', 'Lost no data', 'Lost recovered', 'Burn firing', 'Burn recovered'],
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

test('of an objective the record itself has to be right, and its shortest window to burn as it says', () => {
  const { windows, alerts } = judged([
    ...Array<[number, number]>(8).fill([10, 100]),
    [10, 300],
    [10, 300],
    [10, 300],
  ]);
  const alert = alerts.find((one) => one.alert === 'Burn' && one.severity === 'warning');
  if (!alert) return expect.unreachable('nothing burns');
  expect(again(alert, windows, alerts)).toMatchObject({
    differs: [],
    partly: 'the sums over 30s, 1m, 2m are not in the log, and what they burned is as the record says',
  });
  const [long, short, ...others] = alert.conditions;
  if (!long || !short) return expect.unreachable('no conditions');
  const calm = alert.conditions.map((one) => ({ ...one, value: 0.5 }));
  expect(again({ ...alert, conditions: calm }, windows, alerts)?.differs).toEqual([
    expect.stringMatching(/^value: .* in the record, 0.5 again$/),
    expect.stringMatching(/^burn rate 2, over 20s: 0.5 in the record, 10/),
    'burning too fast: true in the record, false again',
  ]);
  const lying = { ...alert, conditions: [long, { ...short, value: 7 }, ...others] };
  expect(again(lying, windows, alerts)?.differs).toEqual([
    expect.stringMatching(/^burn rate 2, over 20s: 7 in the record, /),
  ]);
  expect(again(alert, [], alerts)).toMatchObject({
    differs: [],
    partly: expect.stringContaining('over 20s, 30s, 1m, 2m are'),
  });
});

test('of several conditions each has to come out the same', () => {
  const { windows, alerts } = judged([
    [5, 100],
    [5, 100],
    [5, 100],
    [20, 500],
  ]);
  const alert = alerts.find((one) => one.alert === 'Both' && one.state === 'firing');
  if (!alert) return expect.unreachable('nothing fired');
  const [first, second] = alert.conditions;
  if (!first || !second) return expect.unreachable('no conditions');
  const lying = { ...alert, conditions: [first, { ...second, value: 9, threshold: 1 }] };
  expect(again(lying, windows, alerts)?.differs).toEqual([
    'value of condition 2: 9 in the record, 2 again',
    'threshold of condition 2: 1 in the record, 0.55 again',
  ]);
  expect(again({ ...alert, conditions: [] }, windows, alerts)?.differs[0]).toBe(
    'conditions: 0 in the record, 2 again',
  );
});
