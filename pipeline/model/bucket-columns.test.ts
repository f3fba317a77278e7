import { describe, expect, test } from 'vitest';
import { BucketColumns, BucketSplit, type KeptBuckets } from './bucket-columns.js';
import { BucketSums } from './buckets.js';

const inf = Number.POSITIVE_INFINITY;
const of = (...pairs: readonly (readonly [number, number])[]): KeptBuckets => ({
  le: pairs.map(([le]) => le),
  counts: pairs.map(([, count]) => count),
});

/** Columns with the buckets as their rows. */
function columns(...rows: readonly KeptBuckets[]): BucketColumns {
  const made = new BucketColumns();
  made.reset(rows.length);
  for (const [row, { le, counts }] of rows.entries()) made.take(row, { le, counts, length: le.length });
  return made;
}

/** How much a row grew, as a sum over nothing else. */
function grown(made: BucketColumns, row = 0): unknown {
  const sums = new BucketSums();
  made.addTo(sums, row);
  return sums.total();
}

test.each<[string, KeptBuckets, boolean]>([
  ['none', of(), true],
  ['rising', of([0.1, 1], [1, 1], [inf, 4]), true],
  ['falling counts', of([0.1, 2], [1, 1], [inf, 4]), false],
  ['a bound twice', of([0.1, 1], [0.1, 2]), false],
  ['bounds out of order', of([1, 1], [0.1, 2]), false],
  ['less than nothing', of([0.1, -1], [1, 1]), false],
  ['no number', of([0.1, Number.NaN]), false],
  ['no bound', of([Number.NaN, 1]), false],
  ['without end', of([inf, inf]), false],
])('buckets with %s: %j', (_, buckets, cumulative) => {
  expect(columns(of([5, 5]), buckets).isCumulative(1)).toBe(cumulative);
});

test('a bucket that both have and that holds less means a new beginning', () => {
  const before = of([0.1, 2], [1, 5], [inf, 5]);
  expect(columns(of([0.1, 2], [1, 5], [inf, 6])).hasFallen(0, before)).toBe(false);
  expect(columns(of([0.1, 1], [1, 5], [inf, 6])).hasFallen(0, before)).toBe(true);
  expect(columns(of([0.5, 1], [inf, 5])).hasFallen(0, before)).toBe(false);
});

describe('how much buckets grew', () => {
  test('is the difference; one that was not there before counts from 0', () => {
    const before = of([0.1, 2], [inf, 5]);
    const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 3], [1, 8], [inf, 9]));
    for (const row of [0, 1]) made.growSince(row, before);
    expect(grown(made)).toEqual(of([0.1, 1], [inf, 4]));
    expect(grown(made, 1)).toEqual(of([0.1, 1], [1, 8], [inf, 4]));
  });

  test('is all of them after a beginning, and stands at no bound where it is not known', () => {
    const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 3], [inf, 9]));
    made.begin(0);
    expect(grown(made)).toEqual(of([0.1, 3], [inf, 9]));
    expect(grown(made, 1)).toEqual(of());
  });

  test('is not that of the block before', () => {
    const made = columns(of([0.1, 3], [inf, 9]));
    made.begin(0);
    made.reset(1);
    made.take(0, { ...of([1, 7]), length: 1 });
    expect(grown(made)).toEqual(of());
    made.begin(0);
    expect(grown(made)).toEqual(of([1, 7]));
  });
});

test('what is kept is written over in place, where the bounds are the same', () => {
  const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 4], [inf, 10]), of([0.5, 4], [inf, 10]));
  const kept = made.keep(0, undefined);
  expect(kept).toEqual(of([0.1, 3], [inf, 9]));
  expect(made.keep(1, kept)).toBe(kept);
  expect(kept).toEqual(of([0.1, 4], [inf, 10]));
  expect(made.keep(2, kept)).toEqual(of([0.5, 4], [inf, 10]));
  expect(kept).toEqual(of([0.1, 4], [inf, 10]));
});

test('bounds are told apart, however many there are, and by the sign of 0', () => {
  const layouts = Array.from({ length: 40 }, (_, i) => of([i % 20, 1], [inf, 2]));
  const made = columns(...layouts, of([-0, 1], [inf, 2]));
  for (const [row, one] of layouts.entries()) expect(made.keep(row, undefined)).toEqual(one);
  expect(made.keep(40, undefined)).toEqual(of([-0, 1], [inf, 2]));
});

test('parts of an increase add up to it, the last one takes what is left', () => {
  const made = columns(of([0.1, 1], [inf, 10]));
  made.begin(0);
  const split = new BucketSplit();
  made.split(0, split);
  const cut = (): number[] => [...split.part.subarray(0, split.le.length)];
  split.cut(1, 3);
  expect(cut()).toEqual([1 / 3, 10 / 3]);
  split.cut(1, 3);
  expect(cut()).toEqual([1 / 3, 10 / 3]);
  split.cutRest();
  expect(cut()).toEqual([1 - 1 / 3 - 1 / 3, 10 - 10 / 3 - 10 / 3]);
});
