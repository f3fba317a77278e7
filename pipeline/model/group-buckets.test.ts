import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketSums, type Buckets } from './buckets.js';
import { GroupBuckets } from './group-buckets.js';
import { StateReader, StateWriter } from './state-bytes.js';

const inf = Number.POSITIVE_INFINITY;

const layouts: readonly (readonly number[])[] = [
  [0, 1, inf],
  [0, 1, inf],
  [-0, 1, inf],
  [-0, 1, inf],
  [0.5, 1, 2, inf],
  [1, inf],
  [3],
  [],
];

/** The highest group; nothing is added to the one behind it. */
const last = 40;
const groups = Array.from({ length: last + 2 }, (_, group) => group);

const count = fc.oneof(fc.constantFrom(-0, 0, 0.1), fc.nat({ max: 1000 }), fc.double());

interface Addition {
  readonly group: number;
  readonly le: readonly number[];
  /** As they stand, those in front included. */
  readonly counts: readonly number[];
  readonly from: number;
}

/** Mostly of few groups, and mostly with few layouts. */
const addition: fc.Arbitrary<Addition> = fc
  .record({
    group: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: last })),
    le: fc.oneof(fc.constantFrom(...layouts.slice(0, 3)), fc.constantFrom(...layouts)),
    from: fc.nat({ max: 3 }),
  })
  .chain(({ group, le, from }) => {
    const length = from + le.length;
    return fc.record({
      ...{ group: fc.constant(group), le: fc.constant(le), from: fc.constant(from) },
      counts: fc.array(count, { minLength: length, maxLength: length }),
    });
  });

/** Both ways to add up, next to each other. */
class Pair {
  sums = new GroupBuckets();
  readonly #each = groups.map(() => new BucketSums());
  /** Written over by every addition. */
  readonly #counts = new Float64Array(16);

  add({ group, le, counts, from }: Addition): void {
    this.#counts.fill(7).set(counts);
    this.sums.add(group, le, this.#counts, from);
    this.#each[group]?.add(le, counts, from);
  }

  reload(): void {
    const to = new StateWriter();
    for (const group of groups) this.sums.save(to, group);
    const from = new StateReader(to.finish());
    this.sums = new GroupBuckets();
    for (const group of groups) this.sums.load(from, group);
    expect(from.done).toBe(true);
  }

  /** Compares with `Object.is`, which tells 0 and -0 apart. */
  expectSame(): void {
    const expected = this.#each.map((one) => one.total());
    expect(groups.map((group) => this.sums.of(group))).toEqual(expected);
  }
}

test('every group adds up as it does alone', () => {
  fc.assert(
    fc.property(fc.array(addition, { maxLength: 60 }), (additions) => {
      const pair = new Pair();
      for (const one of additions) pair.add(one);
      pair.expectSame();
    }),
    { numRuns: 300 },
  );
});

test('every group is loaded as it was saved, and adds up further', () => {
  const additions = fc.array(addition, { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(additions, { minLength: 1, maxLength: 4 }), (parts) => {
      const pair = new Pair();
      for (const part of parts) {
        for (const one of part) pair.add(one);
        pair.reload();
        pair.expectSame();
      }
    }),
    { numRuns: 300 },
  );
});

test('a group that nothing was added to has none, also after it was loaded', () => {
  const pair = new Pair();
  const has = (): boolean[] => [0, 1, 2, last].map((group) => pair.sums.of(group) !== null);
  expect(has()).toEqual([false, false, false, false]);
  pair.add({ group: 2, le: [1, inf], counts: [1, 2], from: 0 });
  expect(has()).toEqual([false, false, true, false]);
  pair.add({ group: 0, le: [], counts: [], from: 0 });
  pair.reload();
  expect(has()).toEqual([true, false, true, false]);
});

test('the sign of 0 in a bound is that of the first addition', () => {
  const pair = new Pair();
  for (const [group, le] of [[0, [0, inf]] as const, [1, [-0, inf]] as const])
    pair.add({ group, le, counts: [1, 2], from: 0 });
  pair.add({ group: 0, le: [-0, inf], counts: [1, 2], from: 0 });
  pair.add({ group: 1, le: [0, inf], counts: [1, 2], from: 0 });
  const counts = [2, 4];
  const expected: readonly Buckets[] = [
    { le: [0, inf], counts },
    { le: [-0, inf], counts },
  ];
  expect([pair.sums.of(0), pair.sums.of(1)]).toEqual(expected);
});

test('a sum that was given out stays as it was until the group gets more', () => {
  const pair = new Pair();
  pair.add({ group: 0, le: [1, inf], counts: [1, 2], from: 0 });
  const first = pair.sums.of(0);
  for (let group = 1; group <= last; group++) pair.add({ group, le: [1, inf], counts: [5, 6], from: 0 });
  expect(first).toEqual({ le: [1, inf], counts: [1, 2] });
  expect(pair.sums.of(0)).toEqual(first);
});
