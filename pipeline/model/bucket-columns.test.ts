import { describe, expect, test } from 'vitest';
import { BucketColumns, BucketSplit } from './bucket-columns.js';
import type { Buckets } from './buckets.js';
import type { BucketReader } from './cursor.js';
import { GroupBuckets } from './group-buckets.js';
import { KeptBuckets } from './kept-buckets.js';

const inf = Number.POSITIVE_INFINITY;
const of = (...pairs: readonly (readonly [number, number])[]): Buckets => ({
  le: pairs.map(([le]) => le),
  counts: pairs.map(([, count]) => count),
});

/** Reads these buckets, quickly where the bounds are those it is asked for. */
const reader = ({ le, counts }: Buckets): BucketReader => ({
  bucketsAt: (asked, into, at) => {
    if (asked.length !== le.length || !asked.every((bound, i) => Object.is(bound, le[i]))) return false;
    into.set(counts, at);
    return true;
  },
  buckets: () => ({ le, counts, length: le.length }),
});

/** Columns with the buckets as their rows. */
function columns(...rows: readonly Buckets[]): BucketColumns {
  const made = new BucketColumns();
  made.reset(rows.length);
  for (const [row, buckets] of rows.entries()) made.take(row, reader(buckets));
  return made;
}

/** How much a row grew, as a sum over nothing else. */
function grown(made: BucketColumns, row = 0): unknown {
  const sums = new GroupBuckets();
  made.addTo(sums, 3, row);
  return sums.of(3);
}

/** What was before, at the slot 2. */
function kept(buckets: Buckets): KeptBuckets {
  const made = new KeptBuckets();
  columns(buckets).keep(0, made, 2);
  return made;
}

/** The buckets that a slot holds. */
function held(made: KeptBuckets, slot: number): Buckets {
  const le = made.boundsOf(slot) ?? [];
  const at = made.at(slot);
  return { le, counts: [...made.counts.subarray(at, at + le.length)] };
}

test.each<[string, Buckets, boolean]>([
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
  const before = kept(of([0.1, 2], [1, 5], [inf, 5]));
  const grows = (buckets: Buckets): boolean => columns(buckets).growSince(0, before, 2);
  expect(grows(of([0.1, 2], [1, 5], [inf, 6]))).toBe(true);
  expect(grows(of([0.1, 1], [1, 5], [inf, 6]))).toBe(false);
  expect(grows(of([0.5, 1], [inf, 5]))).toBe(true);
  expect(grows(of([0.5, 1], [inf, 4]))).toBe(false);
});

describe('how much buckets grew', () => {
  test('is the difference; one that was not there before counts from 0', () => {
    const before = kept(of([0.1, 2], [inf, 5]));
    const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 3], [1, 8], [inf, 9]));
    for (const row of [0, 1]) made.growSince(row, before, 2);
    expect(grown(made)).toEqual(of([0.1, 1], [inf, 4]));
    expect(grown(made, 1)).toEqual(of([0.1, 1], [1, 8], [inf, 4]));
  });

  test('is all of them after a beginning, and stands at no bound where it is not known', () => {
    const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 3], [inf, 9]));
    made.begin(0);
    expect(grown(made)).toEqual(of([0.1, 3], [inf, 9]));
    expect(grown(made, 1)).toEqual(of());
    expect(made.growSince(1, new KeptBuckets(), 0)).toBe(true);
    expect(grown(made, 1)).toEqual(of());
  });

  test('is not that of the block before', () => {
    const made = columns(of([0.1, 3], [inf, 9]));
    made.begin(0);
    made.reset(1);
    made.take(0, reader(of([1, 7])));
    expect(grown(made)).toEqual(of());
    made.begin(0);
    expect(grown(made)).toEqual(of([1, 7]));
  });
});

test('what is kept is written over in place, where there are as many bounds', () => {
  const made = columns(of([0.1, 3], [inf, 9]), of([0.1, 4], [inf, 10]), of([0.5, 5], [inf, 11]), of([1, 2]));
  const keptHere = new KeptBuckets();
  const keep = (row: number, slot: number): void => made.keep(row, keptHere, slot);
  keep(0, 7);
  keep(0, 5);
  expect(held(keptHere, 7)).toEqual(of([0.1, 3], [inf, 9]));
  const place = keptHere.at(7);
  for (const row of [1, 2]) keep(row, 7);
  expect(keptHere.at(7)).toBe(place);
  expect(held(keptHere, 7)).toEqual(of([0.5, 5], [inf, 11]));
  keep(3, 7);
  expect(held(keptHere, 7)).toEqual(of([1, 2]));
  keep(1, 6);
  expect(keptHere.at(6)).toBe(place);
  expect(held(keptHere, 5)).toEqual(of([0.1, 3], [inf, 9]));
});

test('bounds are told apart, however many there are, and by the sign of 0', () => {
  const layouts = Array.from({ length: 40 }, (_, i) => of([i % 20, 1], [inf, 2]));
  const all = [...layouts, of([-0, 1], [inf, 2])];
  const made = columns(...all);
  const keptHere = new KeptBuckets();
  for (const [row, one] of all.entries()) {
    made.keep(row, keptHere, row);
    expect(held(keptHere, row)).toEqual(one);
  }
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
