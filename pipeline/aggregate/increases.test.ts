import { describe, expect, test } from 'vitest';
import { minute, push, type Row } from './driver.fixture.js';

describe('increases', () => {
  test.each<[string, Row[], unknown[][]]>([
    [
      'a first sample alone gives none, but was seen',
      [{ w: 0 }, { t: 5000, count: 9, sum: 3 }, { w: 10_000 }],
      [[0, 0, 0, 0, 1, false]],
    ],
    [
      'a first sample with a start counts from there',
      [{ w: 0 }, { t: 5000, count: 9, sum: 3, start: 0 }, { w: 10_000 }],
      [[0, 9, 3, 0, 1, true]],
    ],
    [
      'a start beyond the lookback is not used',
      [{ w: 0 }, { t: 5000, count: 9, sum: 3, start: 5000 - 5 * minute - 1 }, { w: 10_000 }],
      [[0, 0, 0, 0, 1, false]],
    ],
    [
      'a difference lies between two samples',
      [{ w: 0 }, { t: 1000, count: 1, sum: 1 }, { t: 9000, count: 5, sum: 3 }, { w: 10_000 }],
      [[0, 4, 2, 0, 2, true]],
    ],
    [
      'an increase of 0 covers its interval',
      [{ w: 0 }, { t: 1000, count: 1, sum: 1 }, { t: 9000, count: 1, sum: 1 }, { w: 10_000 }],
      [[0, 0, 0, 0, 2, true]],
    ],
    [
      'a fall of the count is a reset: the values count',
      [{ w: 0 }, { t: 1000, count: 8, sum: 1 }, { t: 9000, count: 5, sum: 3 }, { w: 10_000 }],
      [[0, 5, 3, 0, 2, true]],
    ],
    [
      'a fall of the sum alone is one too',
      [{ w: 0 }, { t: 1000, count: 8, sum: 4 }, { t: 9000, count: 9, sum: 3 }, { w: 10_000 }],
      [[0, 9, 3, 0, 2, true]],
    ],
    [
      'a later start is a reset, and begins there',
      [
        { w: 0 },
        { t: 1000, count: 1, sum: 1 },
        { t: 12_000, count: 4, sum: 4, start: 11_000 },
        { w: 20_000 },
      ],
      [
        [0, 0, 0, 0, 1, false],
        [10_000, 4, 4, 0, 1, true],
      ],
    ],
    [
      'a silence beyond the lookback begins anew',
      [
        { w: 0 },
        { t: 1, count: 1, sum: 1 },
        { t: 5 * minute + 2, count: 9, sum: 9 },
        { w: 5 * minute + 10_000 },
      ],
      [
        [0, 0, 0, 0, 1, false],
        [5 * minute, 0, 0, 0, 1, false],
      ],
    ],
    [
      'an interval is split in proportion to its overlap',
      [{ w: 0 }, { t: 5000, count: 0, sum: 0 }, { t: 25_000, count: 20, sum: 4 }, { w: 30_000 }],
      [
        [0, 5, 1, 0, 1, true],
        [10_000, 10, 2, 0, 0, true],
        [20_000, 5, 1, 0, 1, true],
      ],
    ],
    [
      'a sample on a boundary belongs to the window before',
      [{ w: 0 }, { t: 5000, count: 0, sum: 0 }, { t: 10_000, count: 5, sum: 1 }, { w: 10_000 }],
      [[0, 5, 1, 0, 2, true]],
    ],
    [
      'requests of a 5xx are errors',
      [
        { w: 0 },
        { t: 1000, count: 1, sum: 1, status: '500' },
        { t: 9000, count: 5, sum: 3, status: '500' },
        { w: 10_000 },
      ],
      [[0, 4, 2, 4, 2, true]],
    ],
    [
      'the last window gets what the parts before left, subtracted one by one',
      [{ w: 0 }, { t: 5000, count: 0, sum: 0 }, { t: 35_000, count: 1, sum: 0 }, { w: 40_000 }],
      // 5, 10, 10 and 5 s of 30 s: of 1 request, 1/6, 1/3 and 1/3 leave this.
      [
        [0, 5000 / 30_000, 0, 0, 1, true],
        [10_000, 1 / 3, 0, 0, 0, true],
        [20_000, 1 / 3, 0, 0, 0, true],
        [30_000, 1 - 1 / 6 - 1 / 3 - 1 / 3, 0, 0, 1, true],
      ],
    ],
    [
      'a start exactly at the lookback is used',
      [{ w: 0 }, { t: 5 * minute, count: 30, sum: 0, start: 0 }, { w: 10_000 }],
      [[0, 1, 0, 0, 0, true]],
    ],
    [
      'a silence of exactly the lookback is a difference',
      [{ w: 0 }, { t: 0, count: 1, sum: 0 }, { t: 5 * minute, count: 31, sum: 0 }, { w: 10_000 }],
      [[0, 1, 0, 0, 0, true]],
    ],
    [
      'a silence beyond the lookback, with a start: the values count from there',
      [
        { w: 0 },
        { t: 1, count: 1, sum: 1 },
        { t: 5 * minute + 2, count: 4, sum: 2, start: 5 * minute },
        { w: 5 * minute + 10_000 },
      ],
      [
        [0, 0, 0, 0, 1, false],
        [5 * minute, 4, 2, 0, 1, true],
      ],
    ],
    [
      'a reset under a start known before begins at the last sample',
      [
        { w: 0 },
        { t: 5000, count: 8, sum: 1, start: 5000 },
        { t: 15_000, count: 4, sum: 2, start: 5000 },
        { w: 20_000 },
      ],
      [
        [0, 8 + 2, 1 + 1, 0, 1, true],
        [10_000, 2, 1, 0, 1, true],
      ],
    ],
    [
      'a start that is not after the last sample is no reset',
      [
        { w: 0 },
        { t: 5000, count: 8, sum: 1, start: 1000 },
        { t: 9000, count: 9, sum: 2, start: 5000 },
        { w: 10_000 },
      ],
      [[0, 9, 2, 0, 2, true]],
    ],
    [
      'what was ignored is no previous sample',
      [
        { w: 0 },
        { t: 5000, count: 8, sum: 1 },
        { t: 5000, count: 1, sum: 0 },
        { t: 4000, count: 1, sum: 0 },
        { t: 9000, count: 9, sum: 2 },
        { w: 10_000 },
      ],
      [[0, 1, 1, 0, 2, true]],
    ],
    [
      'the late part is left out, the rest counts',
      [
        { w: 0 },
        { t: 5000, count: 0, sum: 0 },
        { w: 10_000 },
        { t: 15_000, count: 10, sum: 2 },
        { w: 20_000 },
      ],
      [
        [0, 0, 0, 0, 1, false],
        [10_000, 5, 1, 0, 1, true],
      ],
    ],
  ])('%s', (_, rows, expected) => {
    expect(push(rows).windows).toEqual(expected);
  });

  test('a counter born at its own time has an interval of 1 ms', () => {
    expect(push([{ w: 0 }, { t: 5000, count: 3, sum: 1, start: 5000 }, { w: 10_000 }]).windows).toEqual([
      [0, 3, 1, 0, 1, true],
    ]);
  });
});
