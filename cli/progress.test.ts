import { expect, test } from 'vitest';
import { beside, progressOn } from './progress.js';

function terminal(isTTY: boolean, quiet = false) {
  const written: string[] = [];
  let now = 0;
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 };
  const progress = progressOn(stream, { quiet, clock: () => now });
  return {
    written,
    progress,
    later: (ms: number) => {
      now += ms;
    },
  };
}

test('a bar is drawn on one line, not more often than people can see', () => {
  const { written, progress, later } = terminal(true);
  for (const share of [0, 0.1, 0.5]) {
    progress.share(share);
    later(60);
  }
  progress.share(1);
  expect(written).toEqual([
    `\r\x1b[K[${' '.repeat(30)}]   0%`,
    `\r\x1b[K[${'#'.repeat(15)}${' '.repeat(15)}]  50%`,
  ]);
});

test('it is gone before something is said, and in the end', () => {
  const { written, progress } = terminal(true);
  progress.clear();
  progress.share(0.5);
  beside(progress, (line) => written.push(line))('a warning');
  progress.clear();
  expect(written.slice(1)).toEqual(['\r\x1b[K', 'a warning']);
});

test.each([
  ['off a terminal', false, false],
  ['where nobody wants it', true, true],
])('there is none %s', (_, isTTY, quiet) => {
  const { written, progress } = terminal(isTTY, quiet);
  progress.share(0.5);
  progress.clear();
  expect(written).toEqual([]);
});
