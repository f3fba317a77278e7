import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketSums, type Buckets, quantileOf, SharedBounds, shared, shareWithin } from './buckets.js';

const inf = Number.POSITIVE_INFINITY;
const of = (...pairs: readonly (readonly [number, number])[]): Buckets => ({
  le: pairs.map(([le]) => le),
  counts: pairs.map(([, count]) => count),
});

describe('sums', () => {
  test('stand at the bounds that all share', () => {
    const parts = [
      of([0.1, 1], [1, 2], [inf, 3]),
      of([0.1, 10], [0.5, 11], [inf, 30]),
      of([0.1, 100], [inf, 300]),
    ];
    expect(shared(parts)).toEqual(of([0.1, 111], [inf, 333]));
    expect(shared([...parts, of()])).toEqual(of());
    expect(shared([])).toBeNull();
  });

  test('begin at 0, also those of one alone', () => {
    expect(shared([of([0.1, -0], [inf, 1])])).toEqual(of([0.1, 0], [inf, 1]));
  });

  test('are those of every bound, whatever the layouts', () => {
    const layout = fc
      .uniqueArray(fc.constantFrom(0.1, 0.5, 1, 2, inf))
      .map((le) => [...le].sort((a, b) => a - b));
    const buckets = layout.chain((le) =>
      fc.tuple(...le.map(() => fc.nat({ max: 1000 }))).map((counts) => ({ le, counts })),
    );
    fc.assert(
      fc.property(fc.array(buckets, { minLength: 1, maxLength: 5 }), (parts) => {
        const total = new Map<number, { sum: number; parts: number }>();
        for (const { le, counts } of parts) {
          for (const [i, bound] of le.entries()) {
            const { sum, parts: n } = total.get(bound) ?? { sum: 0, parts: 0 };
            total.set(bound, { sum: sum + (counts[i] ?? 0), parts: n + 1 });
          }
        }
        const all = [...total].filter(([, { parts: n }]) => n === parts.length).sort(([a], [b]) => a - b);
        expect(shared(parts)).toEqual(of(...all.map(([le, { sum }]) => [le, sum] as const)));
      }),
    );
  });
});

test('of records keep their bounds down to the sign of 0, and share the list where they are the same', () => {
  const bounds = new SharedBounds();
  const read = (...le: number[]): Buckets => bounds.fromRecord(le.map((bound) => ({ le: bound, count: 1 })));
  const first = read(0, inf);
  expect(read(0, inf).le).toBe(first.le);
  expect(read(-0, inf).le).toEqual([-0, inf]);
  expect(read(0, inf).le).toEqual([0, inf]);
});

test('of a window are added in the order of the log, at every bound that stays, whatever the layouts', () => {
  // In any other order these add up to another double.
  const [a, b, c] = [0.1, 0.7, 0.3];
  const sums = new BucketSums();
  const add = ({ le, counts }: Buckets): void => sums.add(le, counts);
  add(of([0.5, a], [1, a], [inf, a]));
  add(of([0.5, b], [2, b], [inf, b]));
  add(of([0.5, c], [1, c], [inf, c]));
  expect(sums.total()).toEqual(of([0.5, a + b + c], [inf, a + b + c]));
  expect(a + b + c).not.toBe(a + c + b);
  add(of());
  expect(sums.total()).toEqual(of());
});

test.each<[string, number, Buckets, number | null]>([
  ['of a bound', 0.5, of([0.1, 1], [0.5, 3], [inf, 4]), 0.75],
  ['of the whole, where all are below', 0.5, of([0.5, 0.1 + 0.2], [inf, 0.1 + 0.2]), 1],
  ['of a bound that is not shared', 0.3, of([0.1, 1], [0.5, 3], [inf, 4]), null],
  ['without +Inf', 0.5, of([0.1, 1], [0.5, 3]), null],
  ['without requests', 0.5, of([0.5, 0], [inf, 0]), null],
  ['without buckets', 0.5, of(), null],
])('a share %s', (_, bound, buckets, expected) => {
  expect(shareWithin(buckets, bound)).toBe(expected);
});

test.each<[string, number, Buckets, ReturnType<typeof quantileOf>]>([
  ['in the middle of its bucket', 0.5, of([1, 0], [2, 10], [inf, 10]), { value: 1.5, above: 1, upTo: 2 }],
  ['in the first bucket, from 0 on', 0.5, of([1, 10], [inf, 10]), { value: 0.5, above: 0, upTo: 1 }],
  ['at a bound', 0.5, of([1, 5], [2, 10], [inf, 10]), { value: 1, above: 0, upTo: 1 }],
  ['beyond empty buckets', 0.9, of([1, 5], [2, 5], [3, 10], [inf, 10]), { value: 2.8, above: 2, upTo: 3 }],
  ['above the last bound: no number', 0.99, of([1, 5], [inf, 10]), { value: null, above: 1, upTo: inf }],
  ['with no bound but +Inf', 0.5, of([inf, 10]), { value: null, above: 0, upTo: inf }],
  ['without requests', 0.5, of([1, 0], [inf, 0]), null],
  ['without +Inf', 0.5, of([1, 5], [2, 10]), null],
  ['without buckets', 0.5, of(), null],
])('a quantile %s', (_, q, buckets, expected) => {
  const found = quantileOf(buckets, q);
  expect(found?.above).toBe(expected?.above);
  expect(found?.upTo).toBe(expected?.upTo);
  if (typeof expected?.value === 'number') expect(found?.value).toBeCloseTo(expected.value, 12);
  else expect(found?.value).toBe(expected?.value);
});

test('a quantile lies where the sorted requests have it', () => {
  const bounds = [0.1, 0.2, 0.5, 1, 2, inf];
  const latencies = fc.array(fc.double({ min: 0.001, max: 3, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(latencies, fc.integer({ min: 1, max: 99 }), (all, percent) => {
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
      const counts = bounds.map((le) => all.filter((one) => one <= le).length);
      const found = quantileOf({ le: bounds, counts }, percent / 100);
      expect(exact).toBeLessThanOrEqual(found?.upTo ?? 0);
      expect(exact).toBeGreaterThan(found?.above ?? inf);
      if (found?.value != null) expect(found.value).toBeLessThanOrEqual(found.upTo);
    }),
  );
});
