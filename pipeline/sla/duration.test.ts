import { expect, test } from 'vitest';
import { formatDuration } from '../model/durations.js';
import { SyntaxProblem } from './diagnostics.js';
import { parseDuration } from './duration.js';

test.each([
  ['0', 0],
  ['0s', 0],
  ['1ms', 1],
  ['500ms', 500],
  ['30s', 30_000],
  ['030s', 30_000],
  ['90m', 5_400_000],
  ['1h30m', 5_400_000],
  ['1m500ms', 60_500],
  ['1d', 86_400_000],
  ['2w', 1_209_600_000],
  ['1y', 31_536_000_000],
  ['1y2w3d4h5m6s7ms', 33_019_506_007],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  '',
  ' ',
  '30',
  '00',
  '0.5s',
  '1.5h',
  '-5s',
  '+5s',
  '1m 30s',
  '30s ',
  '30S',
  '30m1h',
  '1s1s',
  's',
  '1us',
  '1e3s',
  'soon',
])('%j is none', (text) => {
  expect(() => parseDuration(text)).toThrow(
    new SyntaxProblem(`"${text}" is no duration: write it like 30s, 5m, 1h30m or 500ms`),
  );
});

test.each(['9007199254740992ms', '300000y', `${'9'.repeat(400)}w`])(
  '%s is more than can be counted in ms',
  (text) => {
    expect(() => parseDuration(text)).toThrow(new SyntaxProblem(`"${text}" is too long a duration`));
  },
);

test.each([
  [0, '0s'],
  [500, '500ms'],
  [60_500, '1m500ms'],
  [5_400_000, '1h30m'],
  [93_600_000, '1d2h'],
  [31_536_000_000, '52w1d'],
])('%d ms is written as it is read: %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});
