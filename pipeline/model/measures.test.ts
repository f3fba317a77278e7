import { describe, expect, test } from 'vitest';
import type { Buckets } from './buckets.js';
import {
  boundOf,
  everywhere,
  isOfGauge,
  type Measure,
  measured,
  measureFrom,
  metricProblem,
  needsBuckets,
  unitOf,
} from './measures.js';
import type { Sums } from './sums.js';

const sums: Sums = { requests: 8, latencySum: 2, errors: 1, buckets: null, max: null };
const of = (...pairs: readonly (readonly [number, number])[]): Buckets => ({
  le: pairs.map(([le]) => le),
  counts: pairs.map(([, count]) => count),
});

describe('a measure is known by how people write it', () => {
  test.each<[string, string]>([
    ['mean_latency', 'mean_latency'],
    ['p99_latency', 'p99_latency'],
    ['p999_latency', 'p999_latency'],
    ['p055_latency', 'p055_latency'],
    ['ratio(latency < 300ms)', 'ratio(latency < 300ms)'],
    [' ratio ( latency<300ms ) ', 'ratio(latency < 300ms)'],
    ['ratio(latency < 1.5s)', 'ratio(latency < 1.5s)'],
  ])('%j is %s', (text, measure) => {
    expect(measureFrom(text)).toBe(measure);
  });

  test.each([
    ['p00_latency'],
    // Not the greatest, and not the same as p10 either.
    ['p100_latency'],
    ['p990_latency'],
    ['p9_latency'],
    ['latency'],
    ['toString'],
    ['ratio'],
    ['ratio(latency < 300)'],
    ['ratio(latency < 0ms)'],
    ['ratio(latency < 1m30s)'],
    ['ratio(latency <= 300ms)'],
    ['ratio(errors < 300ms)'],
    ['ratio(latency < 300ms) x'],
  ])('%j is none', (text) => {
    expect(measureFrom(text)).toBeNull();
  });
});

test.each<[Measure, number, number | null]>([
  ['mean_latency', 1, 0.25],
  ['request_rate', 2, 0.4],
  ['error_ratio', 2, 0.125],
  ['request_count', 2, 4],
  ['throughput', 1, 0.2],
  ['throughput', 2, 0.1],
])('%s over %i windows of 10 s is %f', (measure, windows, value) => {
  expect(measured(measure, sums, windows * 10_000, windows)).toBe(value);
});

test('a ratio is told from the bucket of its bound alone', () => {
  const measure = 'ratio(latency < 300ms)';
  const buckets = of([0.25, 5], [0.3, 7], [Number.POSITIVE_INFINITY, 8]);
  expect([boundOf(measure), needsBuckets(measure), unitOf(measure)]).toEqual([0.3, true, 'share']);
  expect(measured(measure, { ...sums, buckets }, 10_000)).toBe(7 / 8);
  expect(measured('ratio(latency < 250ms)', { ...sums, buckets }, 10_000)).toBe(5 / 8);
  expect(measured('ratio(latency < 400ms)', { ...sums, buckets }, 10_000)).toBeNull();
  expect(measured(measure, sums, 10_000)).toBeNull();
});

test.each<[Measure, number]>([
  ['ratio(latency < 1.28ms)', 0.00128],
  ['ratio(latency < 0.06ms)', 0.00006],
  ['ratio(latency < 0.5s)', 0.5],
  ['ratio(latency < 0.39m)', 23.4],
  ['ratio(latency < 1.5h)', 5400],
])('%s has the double nearest to its bound, as the label of a bucket is read', (measure, bound) => {
  expect(boundOf(measure)).toBe(bound);
});

test('a throughput is one of a metric that is named, and has a sum', () => {
  expect(metricProblem('throughput', 'http_response_size_bytes')).toBeNull();
  expect(metricProblem('throughput', null)).toMatch('name a metric whose sum is bytes');
  expect(metricProblem('throughput', 'bytes_total')).toMatch('is a counter');
  expect(metricProblem('mean_latency', null)).toBeNull();
});

test('a gauge has a mean and a greatest value, over several windows the mean of the greatest', () => {
  const gauge: Sums = { requests: 4, latencySum: -2, errors: 0, buckets: null, max: 6 };
  expect([measured('avg', gauge, 10_000), measured('max', gauge, 10_000)]).toEqual([-0.5, 6]);
  expect([measured('avg', gauge, 10_000, 3), measured('max', gauge, 10_000, 3)]).toEqual([-0.5, 2]);
  expect([measured('avg', { ...sums, requests: 0 }, 10_000), measured('max', sums, 10_000)]).toEqual([
    null,
    null,
  ]);
  expect([isOfGauge('avg'), isOfGauge('max'), isOfGauge('throughput')]).toEqual([true, true, false]);
  expect(metricProblem('max', 'jobs_total')).toMatch('is a counter');
});

test('without a rule that names them, /metrics shows four', () => {
  expect(everywhere).toEqual(['mean_latency', 'request_rate', 'error_ratio', 'request_count']);
});
