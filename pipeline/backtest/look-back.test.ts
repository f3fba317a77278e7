import { expect, test } from 'vitest';
import { recompile } from '../sla/compile.js';
import { greatestGrace, longestWindow, lookBack } from './look-back.js';

const S = 1000;
const M = 60 * S;
const rulesOf = (...rules: readonly string[]) =>
  recompile(
    'sla.yaml',
    `version: 1\ndefaults: { window: 30s, no_data_for: 10m }\nslas:\n${rules
      .map((rule, i) => `  - { alert: R${i}, ${rule} }\n`)
      .join('')}`,
  );

test.each<[string, readonly string[], number]>([
  ['of a fixed threshold', ['when: mean_latency > 1s'], 5 * M + 30 * S + 10 * M],
  ['with `for` and grace', ['when: mean_latency > 1s, for: 2m, grace: 5s'], 17 * M + 35 * S],
  ['with a longer keep_firing_for', ['when: mean_latency > 1s, keep_firing_for: 20m'], 25 * M + 30 * S],
  [
    'with a baseline, which may be held',
    ['when: mean_latency > 2 * baseline, baseline: { windows: 20, max_age: 1h }'],
    15 * M + 30 * S + 10 * M + 60 * M,
  ],
  [
    'with a baseline that is never held',
    ['when: mean_latency > 2 * baseline, baseline: { windows: 20, freeze: false }'],
    15 * M + 30 * S + 10 * M,
  ],
  [
    'with a baseline of yesterday',
    ['when: mean_latency > 2 * baseline, baseline: { windows: 20, offset: 1d, freeze: false }'],
    15 * M + 30 * S + 10 * M + 24 * 60 * M,
  ],
  ['with context', ['when: mean_latency > 1s, context: [request_rate]'], 15 * M + 30 * S + 5 * M + 60 * M],
  ['that waits for data', ['when: mean_latency > 1s, no_data: alert'], 15 * M + 30 * S + 24 * 60 * M + 5 * M],
  [
    'of sessions',
    ['when: request_count > 1, window: { session: 2m, max: 20m, every: 30s }'],
    5 * M + 22 * M + 10 * M,
  ],
  [
    'the greatest',
    ['when: mean_latency > 1s', 'when: mean_latency > 1s, for: 2h'],
    15 * M + 30 * S + 120 * M,
  ],
])('the look-back %s', (_, rules, expected) => {
  expect(lookBack(rulesOf(...rules))).toBe(expected);
});

test('the greatest grace and the longest window are of any rule', () => {
  const rules = rulesOf(
    'when: mean_latency > 1s, grace: 5s',
    'when: mean_latency > 1s, window: 1h, every: 30s',
  );
  expect([greatestGrace(rules), longestWindow(rules)]).toEqual([5 * S, 60 * M]);
});
