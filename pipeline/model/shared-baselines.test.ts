import { expect, test } from 'vitest';
import { recompile } from '../sla/compile.js';
import type { BaselineQuery } from './baseline.js';
import { baselineFor } from './baseline.js';
import { SharedBaselines } from './shared-baselines.js';

const { rules } = recompile(
  'sla.yaml',
  `version: 1
defaults: { window: 10s }
slas:
  - { alert: A, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 1 } }
  - { alert: B, when: mean_latency > 3 * baseline, baseline: { windows: 2, min_windows: 1, freeze: false } }
  - { alert: C, when: mean_latency > 2 * baseline, baseline: { windows: 1, min_windows: 1 } }
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
const query = (alert: string, more: Partial<BaselineQuery> = {}): BaselineQuery => {
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

test('rules that look back as far share a baseline for a group, whatever else they say', () => {
  const shared = new SharedBaselines();
  const first = shared.of('{}', true, query('A'));
  expect(first).toEqual(baselineFor(query('A')));
  expect(shared.of('{}', true, query('B'))).toBe(first);
  for (const alert of ['C', 'D']) {
    const own = shared.of('{}', true, query(alert));
    expect(own).not.toBe(first);
    expect(own).toEqual(baselineFor(query(alert)));
  }
});

test('no other group, no other window and no rule that was active has a part in it', () => {
  const shared = new SharedBaselines();
  const first = shared.of('{}', true, query('A'));
  expect(shared.of('{a="x"}', true, query('B', { past: [] })).sums).toBeNull();
  expect(shared.of('{}', true, query('B', { start: 20_000 })).sums?.requests).toBe(10);
  const wasActive = (start: number): boolean => start === 20_000;
  expect(shared.of('{}', false, query('A', { wasActive })).sums?.requests).toBe(10);
  expect(shared.of('{}', true, query('B'))).toBe(first);
});
