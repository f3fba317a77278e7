import { describe, expect, test } from 'vitest';
import { Watchdog } from './watchdog.js';

const bounds = { limitMs: 300_000, stallMs: 60_000, mostBytes: 1_000 };

describe('a watchdog', () => {
  test.each<
    [string, { at: number; bytes?: number; reached?: readonly (readonly [number, number])[] }, string | null]
  >([
    ['lets an encode begin slowly', { at: 59_999 }, null],
    ['finds one stalled that never began', { at: 60_000 }, 'Stalled'],
    ['counts a stall from the last progress', { at: 119_999, reached: [[1, 60_000]] }, null],
    ['finds one stalled in the middle', { at: 120_000, reached: [[1, 60_000]] }, 'Stalled'],
    [
      'takes no repetition for progress',
      {
        at: 100_000,
        reached: [
          [1, 10_000],
          [1, 90_000],
        ],
      },
      'Stalled',
    ],
    [
      'takes no step back for progress',
      {
        at: 100_000,
        reached: [
          [2, 10_000],
          [1, 90_000],
        ],
      },
      'Stalled',
    ],
    [
      'takes nonsense for no progress',
      {
        at: 100_000,
        reached: [
          [1, 10_000],
          [Number.NaN, 90_000],
        ],
      },
      'Stalled',
    ],
    ['lets one take all its time', { at: 299_999, reached: [[1, 299_000]] }, null],
    ['ends one that takes longer', { at: 300_000, reached: [[1, 299_000]] }, 'TimedOut'],
    ['lets one write all it may', { at: 1, bytes: 1_000 }, null],
    ['ends one that writes more', { at: 1, bytes: 1_001 }, 'TooLarge'],
    ['blames the video before the attempt', { at: 400_000, bytes: 1_001 }, 'TooLarge'],
  ])('%s', (_, { at, bytes = 0, reached = [] }, code) => {
    const watchdog = new Watchdog(bounds, 0);
    for (const [seconds, when] of reached) watchdog.reached(seconds, when);
    expect(watchdog.verdict(at, bytes)?.code ?? null).toBe(code);
  });

  test('says what is further than ever', () => {
    const watchdog = new Watchdog(bounds, 0);
    expect([0, 1, 1, 0.5, 1.5].map((seconds) => watchdog.reached(seconds, 0))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });
});
