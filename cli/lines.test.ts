import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { lines } from './lines.js';

test.each([
  ['pieces that end anywhere', ['a', 'b\nc', '\n', 'd'], ['ab', 'c', 'd']],
  ['a last line with its LF', ['a\n'], ['a']],
  ['empty lines', ['\n\na'], ['', '', 'a']],
  ['nothing', [], []],
  ['separators that JSON has in its strings', ['"\u2028\u2029\u0085"\nb'], ['"\u2028\u2029\u0085"', 'b']],
])('splits %s', async (_, pieces, expected) => {
  const found: string[] = [];
  for await (const line of lines(Readable.from(pieces))) found.push(line);
  expect(found).toEqual(expected);
});
