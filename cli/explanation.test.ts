import { expect, test } from 'vitest';
import { alertOf, NOW } from '../pipeline/view/alert.fixture.js';
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
  recomputed: { value: 0.412, threshold: 0.36, baseline: 0.3, windows: 2, lookedAt, differs: [] },
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

test('says loudly where it comes out otherwise, and why where it cannot be made again', () => {
  const differs = ['value: 0.412 in the record, 0.4 again'];
  const other = { ...explanation, recomputed: { ...explanation.recomputed, differs } } as Explanation;
  expect(formatExplanation(other).at(-1)).toContain('OTHERWISE: value: 0.412 in the record, 0.4 again.');
  expect(isOther(other)).toBe(true);
  const gone = { ...explanation, recomputed: null, unknown: 'its window is not in the log any more' };
  expect(formatExplanation(gone).at(-1)).toBe('Not made again: its window is not in the log any more.');
  expect(isOther(gone)).toBe(false);
});
