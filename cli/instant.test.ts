import { expect, test } from 'vitest';
import { boundsOf, instant } from './instant.js';

const now = Date.parse('2026-01-31T12:00:00Z');

test.each([
  ['7d', '2026-01-24T12:00:00Z'],
  ['1h30m', '2026-01-31T10:30:00Z'],
  ['2026-01-30T00:00:00Z', '2026-01-30T00:00:00Z'],
])('%s is %s', (text, expected) => {
  expect(instant('--from', text, now)).toBe(Date.parse(expected));
});

test.each(['', 'yesterday', '7 days', '285000y'])('"%s" is refused, with the way out', (text) => {
  expect(() => instant('--from', text, now)).toThrow(
    `--from is "${text}": give a duration back like 7d, or a time like 2026-01-31T12:00:00Z`,
  );
});

test('what is not given has no bound', () => {
  expect(boundsOf({}, now)).toEqual({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY });
  expect(boundsOf({ from: '1h' }, now)).toEqual({ from: now - 3_600_000, to: Number.POSITIVE_INFINITY });
});

test.each([
  ['1h', '2h'],
  ['1h', '1h'],
])('from %s to %s ago is refused', (from, to) => {
  expect(() => boundsOf({ from, to }, now)).toThrow(`--from ${from} is not before --to ${to}`);
});
