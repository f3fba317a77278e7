import { expect, test } from 'vitest';
import { held, promise } from './holding.js';

test('a target that answers promises the poll', () => {
  expect(promise(10_000, [held(null, 10_000, 5_000)])).toBe(10_000);
});

test.each([
  [5_000, 0],
  [15_000, 0],
  [15_001, 15_001],
])('a target of 5 s that is silent for %i ms makes it promise %i', (at, expected) => {
  expect(promise(at, [held(null, 0, 5_000), held(null, at, 5_000)])).toBe(expected);
});

test('a target that was never up holds nothing back', () => {
  expect(promise(10_000, [null, held(null, 10_000, 5_000)])).toBe(10_000);
});

test("a target's own interval is the distance of its last two good scrapes", () => {
  const slow = held(held(null, 0, 5_000), 60_000, 5_000);
  expect(promise(240_000, [slow])).toBe(60_000);
  expect(promise(240_001, [slow])).toBe(240_001);
});

test('no target holds for longer than the interval of a sample may reach back', () => {
  const slow = held(held(null, 0, 5_000), 200_000, 5_000);
  expect(promise(500_000, [slow])).toBe(200_000);
  expect(promise(500_001, [slow])).toBe(500_001);
});
