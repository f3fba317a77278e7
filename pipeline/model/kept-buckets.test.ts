import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Buckets } from './buckets.js';
import { KeptBuckets } from './kept-buckets.js';
import { StateReader, StateWriter } from './state-bytes.js';

const inf = Number.POSITIVE_INFINITY;

function keep(kept: KeptBuckets, slot: number, { le, counts }: Buckets): void {
  const at = kept.keep(slot, le);
  kept.counts.set(counts, at);
}

/** The buckets that a slot holds. */
function held(kept: KeptBuckets, slot: number): Buckets | null {
  const le = kept.boundsOf(slot);
  const at = kept.at(slot);
  return le === undefined ? null : { le, counts: [...kept.counts.subarray(at, at + le.length)] };
}

function saved(kept: KeptBuckets, slots: Iterable<number>): Buffer {
  const to = new StateWriter();
  for (const slot of slots) kept.save(to, slot);
  return to.finish();
}

function reloaded(kept: KeptBuckets, slots: readonly number[]): KeptBuckets {
  const from = new StateReader(saved(kept, slots));
  const made = new KeptBuckets();
  for (const slot of slots) made.load(from, slot);
  expect(from.done).toBe(true);
  return made;
}

describe('what is saved', () => {
  test('is loaded as it was, down to the sign of 0, and a slot without any has none', () => {
    const kept = new KeptBuckets();
    const first: Buckets = { le: [-0, 0.1, inf], counts: [-0, 0.1, 3] };
    keep(kept, 4, first);
    keep(kept, 1, { le: [], counts: [] });
    const again = reloaded(kept, [0, 1, 2, 3, 4]);
    expect([0, 1, 4].map((slot) => held(again, slot))).toEqual([null, { le: [], counts: [] }, first]);
  });

  test('is loaded as it was, of more slots than there is room for at first', () => {
    const kept = new KeptBuckets();
    const slots = Array.from({ length: 2000 }, (_, slot) => slot);
    const all = slots.map((slot): Buckets | null => {
      if (slot % 7 === 3) return null;
      const le = Array.from({ length: slot % 5 }, (_, i) => i + slot);
      return { le, counts: le.map((bound) => bound / 3) };
    });
    for (const [slot, one] of all.entries()) if (one !== null) keep(kept, slot, one);
    const again = reloaded(kept, slots);
    expect(slots.map((slot) => held(again, slot))).toEqual(all);
    expect(saved(again, slots).equals(saved(kept, slots))).toBe(true);
  });
});

describe('what is dropped', () => {
  test('leaves its place to a slot with as many bounds', () => {
    const kept = new KeptBuckets();
    for (const slot of [0, 1]) keep(kept, slot, { le: [1, inf], counts: [slot, 5] });
    const place = kept.at(0);
    kept.drop(0);
    expect(held(kept, 0)).toBeNull();
    keep(kept, 2, { le: [1, 2, inf], counts: [1, 2, 3] });
    expect(kept.at(2)).not.toBe(place);
    keep(kept, 3, { le: [2, inf], counts: [8, 9] });
    expect(kept.at(3)).toBe(place);
    keep(kept, 4, { le: [2, inf], counts: [10, 11] });
    expect([1, 2, 3, 4].map((slot) => held(kept, slot)?.counts)).toEqual([
      [1, 5],
      [1, 2, 3],
      [8, 9],
      [10, 11],
    ]);
  });

  test('is also what a slot held with another number of bounds', () => {
    const kept = new KeptBuckets();
    keep(kept, 0, { le: [1, inf], counts: [1, 2] });
    const place = kept.at(0);
    keep(kept, 0, { le: [1], counts: [3] });
    keep(kept, 1, { le: [2, inf], counts: [4, 5] });
    expect([kept.at(1), held(kept, 0)]).toEqual([place, { le: [1], counts: [3] }]);
  });

  test('leaves its place once, however often it is dropped', () => {
    const kept = new KeptBuckets();
    keep(kept, 0, { le: [1, inf], counts: [1, 2] });
    for (let n = 0; n < 2; n++) kept.drop(0);
    kept.drop(9);
    for (const slot of [1, 2]) keep(kept, slot, { le: [1, inf], counts: [slot, 5] });
    expect([1, 2].map((slot) => held(kept, slot)?.counts)).toEqual([
      [1, 5],
      [2, 5],
    ]);
  });

  test('is saved as none', () => {
    const kept = new KeptBuckets();
    keep(kept, 0, { le: [1, inf], counts: [1, 2] });
    kept.drop(0);
    expect(saved(kept, [0])).toEqual(saved(new KeptBuckets(), [0]));
    expect(held(reloaded(kept, [0]), 0)).toBeNull();
  });
});

test('a slot holds what it was given last, whatever the others are given', () => {
  const layouts = [[], [1], [2], [1, inf], [-0, inf], [0, 1, inf]];
  const step = fc.record({
    slot: fc.nat({ max: 9 }),
    le: fc.option(fc.constantFrom(...layouts), { freq: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const kept = new KeptBuckets();
      const expected: (Buckets | null)[] = Array.from({ length: 10 }, () => null);
      for (const [n, { slot, le }] of steps.entries()) {
        const one = le === null ? null : { le, counts: le.map((_, i) => n + i / 10) };
        expected[slot] = one;
        if (one === null) kept.drop(slot);
        else keep(kept, slot, one);
      }
      const slots = [...expected.keys()];
      expect(slots.map((slot) => held(kept, slot))).toEqual(expected);
      const again = reloaded(kept, slots);
      expect(slots.map((slot) => held(again, slot))).toEqual(expected);
    }),
  );
});
