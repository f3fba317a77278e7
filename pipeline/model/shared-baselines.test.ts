import { expect, test } from 'vitest';
import { recompile } from '../sla/compile.js';
import {
  type BaselineQuery,
  type BaselineView,
  baselineFor,
  baselineSums,
  type Looking,
} from './baseline.js';
import { SharedBaselines } from './shared-baselines.js';
import type { GroupWindow } from './sums.js';

const { rules } = recompile(
  'sla.yaml',
  `version: 1
defaults: { window: 10s }
slas:
  - { alert: A, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 1 } }
  - { alert: B, when: mean_latency > 3 * baseline, baseline: { windows: 2, min_windows: 1, freeze: false } }
  - { alert: C, when: mean_latency > 2 * baseline, baseline: { windows: 1, min_windows: 1 } }
  - { alert: E, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 1, method: median } }
  - { alert: F, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 1, offset: 20s } }
  - { alert: D, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 2 } }
`,
);
const past = [10_000, 20_000].map((start) => ({
  start,
  requests: start / 1000,
  latencySum: 1,
  errors: 0,
  buckets: null,
  max: null,
  ms: 10_000,
}));
interface Query extends BaselineQuery, Looking {
  readonly wasActive: (start: number) => boolean;
}

const query = (alert: string, more: Partial<Query> = {}): Query => {
  const rule = rules.find((one) => one.alert === alert);
  if (!rule) throw new Error(`no rule ${alert}`);
  return {
    rule,
    start: 30_000,
    end: 40_000,
    past,
    active: false,
    held: null,
    wasActive: () => false,
    ...more,
  };
};

/** As each rule would have it by itself. */
const alone = (of: Query): BaselineView =>
  baselineFor(of, (all) => baselineSums(of, all ? null : of.wasActive));

const merged: GroupWindow = {
  ...{ text: '{}', labels: {}, start: 30_000, end: 40_000, requests: 1, latencySum: 1, errors: 0 },
  ...{ buckets: null, max: null, samples: 1, covered: true },
};
const baselines = () =>
  new SharedBaselines(
    [past.slice(0, 1), past].map((past) => ({ merged, past })),
    40_000,
  );
const shared = (alert: string, of: SharedBaselines) => of.of(query(alert).rule, 1);

test('rules that look back as far share a baseline for a group, whatever else they say', () => {
  const group = baselines();
  const first = shared('A', group);
  expect(first).toEqual(alone(query('A')));
  expect(shared('B', group)).toBe(first);
  expect(group.of(query('A').rule, 0)).toEqual(alone(query('A', { past: past.slice(0, 1) })));
  for (const alert of ['C', 'D', 'E', 'F']) {
    const own = shared(alert, group);
    expect(own).not.toBe(first);
    expect(own).toEqual(alone(query(alert)));
  }
});

test('a rule that was active has a baseline of its own', () => {
  const wasActive = (start: number): boolean => start === 20_000;
  expect(alone(query('A', { wasActive })).sums?.requests).toBe(10);
  expect(shared('A', baselines()).sums?.requests).toBe(30);
});

test('rules that were active after the same windows share a baseline without them', () => {
  const group = baselines();
  const without = (alert: string, ...starts: number[]) => group.without(query(alert).rule, 1, starts);
  const wasActive = (start: number): boolean => start === 20_000;
  const first = without('A', 20_000);
  expect(first).toEqual(alone(query('A', { wasActive })).sums);
  expect(without('B', 20_000)).toBe(first);
  expect(without('A')).toBe(shared('A', group).sums);
  // Of one window each, or none: too few for a rule that wants two.
  expect(without('A', 10_000)?.requests).toBe(20);
  expect(without('A', 10_000, 20_000)).toBeNull();
  expect(without('D', 20_000)).toBeNull();
  expect(without('A', 20_000)).toEqual(first);
});

test('a list of windows that grows later is not taken for the one that it was', () => {
  const group = baselines();
  const { rule } = query('A');
  const starts = [20_000];
  expect(group.without(rule, 1, starts)?.requests).toBe(10);
  starts.push(10_000);
  expect(group.without(rule, 1, starts)).toBeNull();
});
