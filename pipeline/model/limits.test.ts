import { expect, test } from 'vitest';
import { beyondLimits } from './limits.js';

const many = (n: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`l${i}`, 'x']));
const series = (labels: Record<string, string>, name = 'm') => ({ name, labels });

test.each([
  ['as many labels as may be', series(many(64)), 10, null],
  ['one more', series(many(65)), 10, 'it has 65 labels, 64 is the limit'],
  ['empty labels, which are none', series({ ...many(64), empty: '' }), 10, null],
  ['a value as long as may be', series({ a: 'x'.repeat(1024) }), 10, null],
  [
    'a longer one',
    series({ a: 'x'.repeat(1025) }),
    10,
    `the value of its label a has 1025 bytes, 1024 is the limit: ${'x'.repeat(40)}...`,
  ],
  [
    'few characters of many bytes',
    series({ a: '€'.repeat(342) }),
    10,
    `the value of its label a has 1026 bytes, 1024 is the limit: ${'€'.repeat(40)}...`,
  ],
  [
    'a long name of a label',
    series({ ['y'.repeat(1025)]: 'x' }),
    10,
    `the name of a label has 1025 bytes, 1024 is the limit: ${'y'.repeat(40)}...`,
  ],
  [
    'a long name of a metric',
    series({}, 'z'.repeat(1025)),
    10,
    `the name of its metric has 1025 bytes, 1024 is the limit: ${'z'.repeat(40)}...`,
  ],
  ['a long key', series({}), 16_385, 'its key has 16385 bytes, 16384 is the limit'],
] as const)('%s', (_, one, keyBytes, expected) => {
  expect(beyondLimits(one, keyBytes)).toBe(expected);
});
