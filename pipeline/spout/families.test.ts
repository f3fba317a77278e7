import { expect, test } from 'vitest';
import { familySeries, gaugeSeries, partNames, samplesOf } from './families.js';
import type { RawSeries } from './sample-source.js';

const raw = (
  name: string,
  labels: Readonly<Record<string, string>>,
  samples: Readonly<Record<number, number>>,
): RawSeries => ({
  name,
  labels,
  times: Object.keys(samples).map(Number),
  values: Object.values(samples),
});
const read = (family: string, ...series: RawSeries[]) =>
  familySeries([family], series).flatMap((one) => [...samplesOf(one, 0)]);

test('a family is read by the names of all its parts', () => {
  expect(partNames(['a', 'b_total'])).toEqual([
    ...['a', 'a_count', 'a_sum', 'a_bucket', 'a_created'],
    ...['b_total', 'b_total_count', 'b_total_sum', 'b_total_bucket', 'b_created'],
  ]);
});

test('a classic histogram is put together of its parts, buckets in order of their bounds', () => {
  const labels = { job: 'x' };
  const samples = read(
    'a',
    raw('a_bucket', { ...labels, le: '+Inf' }, { 10: 3, 20: 5 }),
    raw('a_bucket', { ...labels, le: '10' }, { 10: 2, 20: 4 }),
    raw('a_bucket', { ...labels, le: '2.5' }, { 10: 1, 20: 1 }),
    raw('a_sum', labels, { 10: 0.5, 20: 0.75 }),
    raw('a_count', labels, { 10: 3, 20: 5 }),
    raw('a_created', labels, { 10: 0.005, 20: 0.005 }),
  );
  expect(samples).toHaveLength(2);
  expect(samples[1]).toEqual({
    key: 'a{job="x"}',
    name: 'a',
    labels,
    type: 'cumulative',
    timestamp: 20,
    count: 5,
    sum: 0.75,
    buckets: [
      { le: 2.5, count: 1 },
      { le: 10, count: 4 },
      { le: Number.POSITIVE_INFINITY, count: 5 },
    ],
    created: 5,
  });
});

test('a plain counter has no sum, a native histogram brings its own', () => {
  expect(read('b_total', raw('b_total', {}, { 10: 3 }))).toMatchObject([{ count: 3, sum: 0, buckets: [] }]);
  expect(read('a', { ...raw('a', {}, { 10: 3 }), sums: [0.5] })).toMatchObject([{ count: 3, sum: 0.5 }]);
});

test('quantiles of a summary count nothing', () => {
  const samples = read(
    'a',
    raw('a', { quantile: '0.5' }, { 10: 0.1 }),
    raw('a_sum', {}, { 10: 2 }),
    raw('a_count', {}, { 10: 7 }),
  );
  expect(samples).toMatchObject([{ count: 7, sum: 2 }]);
});

test('the end of a series is no sample, and neither is half a one', () => {
  const samples = read(
    'a',
    raw('a_sum', {}, { 10: 2, 30: 3 }),
    raw('a_count', {}, { 10: 7, 20: 8, 30: 9, 40: Number.NaN }),
  );
  expect(samples.map(({ timestamp }) => timestamp)).toEqual([10, 30]);
});

test('what is at or before the cursor is left out', () => {
  const [series] = familySeries(['b_total'], [raw('b_total', {}, { 10: 1, 20: 2, 30: 3 })]);
  expect([...samplesOf(series!, 20)].map(({ timestamp }) => timestamp)).toEqual([30]);
});

test('a gauge is read as it is: every value that there is, NaN too', () => {
  const all = [raw('g', { a: '1' }, { 10: -1, 20: Number.NaN, 30: 2 }), raw('b_total', {}, { 10: 1 })];
  const samples = gaugeSeries(['g'], all).flatMap((one) => [...samplesOf(one, 10)]);
  const gauge = { key: 'g{a="1"}', name: 'g', labels: { a: '1' }, type: 'gauge', count: 1 };
  expect(samples).toEqual([
    { ...gauge, timestamp: 20, sum: Number.NaN, buckets: [], created: null },
    { ...gauge, timestamp: 30, sum: 2, buckets: [], created: null },
  ]);
});
