import { expect, test } from 'vitest';
import { alertOf, NOW } from '../pipeline/follow/alert.fixture.js';
import type { Explanation } from '../pipeline/view/explain.js';
import { formatExplanation, isOther } from './explanation.js';

const MINUTE = 60_000;
const firing = {
  ...alertOf('/a', 'firing'),
  ...{ operator: '>', value: 0.412, threshold: 0.36, requests: 50 },
  baseline: { value: 0.3, windows: 2, frozenAt: null },
};
const lookedAt = [
  { start: NOW - 4 * MINUTE, end: NOW - 3 * MINUTE, value: 0.29, requests: 20, counted: true },
  { start: NOW - 3 * MINUTE, end: NOW - 2 * MINUTE, value: 0.9, requests: 30, counted: false },
  { start: NOW - 2 * MINUTE, end: NOW - MINUTE, value: 0.31, requests: 20, counted: true },
];
const explanation: Explanation = {
  alert: firing,
  rule: '  - alert: Slow\n    when: mean_latency > 1.2 * baseline',
  window: null,
  recomputed: {
    ...{ value: 0.412, threshold: 0.36, conditions: [], baseline: 0.3, windows: 2, lookedAt },
    ...{ differs: [], partly: null },
  },
  compares: {
    ...{ measure: 'mean_latency', factor: 1.2, mads: 0, method: 'mean', offset: 0, threshold: 0.36 },
  },
  unknown: null,
  transitions: [alertOf('/a', 'pending', NOW - MINUTE), firing],
};

test('says the rule, the arithmetic, each window of the baseline, and that it comes out the same', () => {
  const text = formatExplanation(explanation).join('\n');
  for (const part of [
    'Rule: sla.yaml:1, revision r\n    - alert: Slow\n      when: mean_latency > 1.2 * baseline',
    'Window: 2023-11-14T22:13:10Z to 2023-11-14T22:13:20Z',
    '  mean_latency 412ms > 360ms',
    'Baseline of 2 windows: 1.2 x 300ms = 360ms',
    '2023-11-14T22:09:20Z 290ms n=20\n',
    '2023-11-14T22:10:20Z 900ms n=30, not counted: the rule was active after it\n',
    '2023-11-14T22:12:20Z PENDING',
    'it comes out the same.',
  ])
    expect(text).toContain(part);
  expect(isOther(explanation)).toBe(false);
});

test('says of a median that it is one, how long before it is of, and the arithmetic of its deviation', () => {
  const { compares } = explanation;
  if (compares === null) return expect.unreachable();
  const of = (more: Partial<typeof compares>): string =>
    formatExplanation({ ...explanation, compares: { ...compares, ...more } }).join('\n');
  expect(of({ method: 'median', factor: 1, mads: 3 })).toContain(
    'Baseline of 2 windows, the median: 300ms + 3 x mad 20ms = 360ms\n',
  );
  expect(of({ factor: 1.5, mads: -3, offset: 86_400_000 })).toContain(
    'Baseline of 2 windows, 1d before: 1.5 x 300ms - 3 x mad 30ms = 360ms\n',
  );
});

test('lists each of several conditions, also where the first compares with nothing', () => {
  const one = { operator: '>', window: 10_000, value: 0.05, threshold: 0.02 };
  const alert: Explanation['alert'] = {
    ...{ ...firing, baseline: null },
    conditions: [
      { ...one, measure: 'mean_latency' },
      { ...one, measure: 'error_ratio' },
    ],
  };
  const compares: Explanation['compares'] = {
    ...{ measure: 'error_ratio', factor: 2, mads: 0, method: 'mean', offset: 0 },
    threshold: 0.02,
  };
  const recomputed = explanation.recomputed && { ...explanation.recomputed, baseline: 0.01 };
  const text = formatExplanation({ ...explanation, alert, compares, recomputed }).join('\n');
  expect(text).toContain('  mean_latency 412ms > 360ms\n  error_ratio 5% > 2%\n');
  expect(text).toContain('Baseline of 2 windows: 2 x 1% = 2%\n  2023-11-14T22:09:20Z 29% n=20\n');
});

test('of an objective lists both windows of each rate, and says what cannot be made again', () => {
  const rate = (window: number, value: number, threshold: number) => ({
    ...{ measure: 'burn_rate', operator: '>', window, value, threshold },
  });
  const [HOUR, DAY] = [60 * MINUTE, 24 * 60 * MINUTE];
  const alert: Explanation['alert'] = {
    ...{ ...firing, measure: 'burn_rate', value: 16.7, threshold: 14.4, baseline: null },
    conditions: [
      rate(HOUR, 16.7, 14.4),
      rate(5 * MINUTE, 50, 14.4),
      rate(3 * DAY, 0.5, 1),
      rate(6 * HOUR, 2, 1),
    ],
  };
  const recomputed = explanation.recomputed && {
    ...{ ...explanation.recomputed, baseline: null, windows: null, lookedAt: [] },
    partly: 'the sums over 1h are not in the log, and what they burned is as the record says',
  };
  const lines = formatExplanation({ ...explanation, alert, recomputed, compares: null });
  expect(lines.join('\n')).toContain(
    '  burn 16.7x > 14.4x over 1h, 50x over 5m\n  burn 0.5x > 1x over 3d, 2x over 6h\n\nTransitions',
  );
  expect(lines.at(-1)).toBe(
    'Made again from the numbers of the record (the sums over 1h are not in the log, and what they burned is as the record says), it comes out the same.',
  );
});

test('says loudly where it comes out otherwise, and why where it cannot be made again', () => {
  const differs = ['value: 0.412 in the record, 0.4 again'];
  const other = { ...explanation, recomputed: { ...explanation.recomputed, differs } } as Explanation;
  expect(formatExplanation(other).at(-1)).toContain('OTHERWISE: value: 0.412 in the record, 0.4 again.');
  expect(isOther(other)).toBe(true);
  const gone = { ...explanation, recomputed: null, unknown: 'its window is not in the log any more' };
  expect(formatExplanation(gone).at(-1)).toBe('Not made again: its window is not in the log any more.');
  expect(isOther(gone)).toBe(false);
});
