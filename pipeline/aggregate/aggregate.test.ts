import { describe, expect, test } from 'vitest';
import type { DeadLetter, PartialBatch } from '../../schemas/types.js';
import { codec, counted, create, minute, plain, push, type Row, rules, T } from './driver.fixture.js';

describe('classes of records, each counted once', () => {
  const first: Row[] = [{ w: 0 }, { t: 5000, count: 10, sum: 1 }];
  test.each<[string, Row[], Record<string, number>]>([
    [
      'unselected: no rule wants the series',
      [{ w: 0 }, { t: 1, count: 1, route: '/none' }],
      { unselected: 1 },
    ],
    ['unselected comes before skewed', [{ t: 1, count: 1, route: '/none' }], { unselected: 1 }],
    ['skewed: there is no watermark yet', [{ t: 1, count: 1 }], { skewed: 1 }],
    ['skewed: more than 10 m ahead', [{ w: 0 }, { t: 10 * minute + 1, count: 1 }], { skewed: 1 }],
    ['not skewed: exactly 10 m ahead', [{ w: 0 }, { t: 10 * minute, count: 1 }], { aggregated: 1 }],
    ['bad: not decodable, before all else', [{ bytes: Buffer.from('no frame') }], { bad: 1 }],
    ['bad: an unknown schema', [{ bytes: Buffer.from([0, 0, 0, 1, 0, 1]) }], { bad: 1 }],
    ['bad: a negative count', [{ w: 0 }, { t: 1, count: -1, sum: 0 }], { bad: 1 }],
    ['bad: a sum that is NaN', [{ w: 0 }, { t: 1, count: 1, sum: Number.NaN }], { bad: 1 }],
    ['bad: an infinite count', [{ w: 0 }, { t: 1, count: Number.POSITIVE_INFINITY, sum: 1 }], { bad: 1 }],
    ['bad: a start after its own time', [{ w: 0 }, { t: 1, count: 1, start: 2 }], { bad: 1 }],
    [
      'duplicate: the time of the last one',
      [...first, { t: 5000, count: 99, sum: 9 }],
      { aggregated: 1, duplicate: 1 },
    ],
    [
      'superseded: older, and inside what was counted',
      [...first, { t: 4000, count: 10, sum: 1 }],
      { aggregated: 1, superseded: 1 },
    ],
    [
      'out of order: older, with a greater count',
      [...first, { t: 4000, count: 11, sum: 1 }],
      { aggregated: 1, out_of_order: 1 },
    ],
    [
      'out of order: older, with a greater sum',
      [...first, { t: 4000, count: 10, sum: 2 }],
      { aggregated: 1, out_of_order: 1 },
    ],
    ['late: its own window is closed', [{ w: 10_000 }, { t: 10_000, count: 1 }], { late: 1 }],
    [
      'late: its interval begins in a closed window',
      [...first, { w: 10_000 }, { t: 12_000, count: 12, sum: 2 }],
      { aggregated: 1, late: 1 },
    ],
    [
      'late is judged by time, not amount',
      [...first, { w: 10_000 }, { t: 12_000, count: 10, sum: 1 }],
      { aggregated: 1, late: 1 },
    ],
  ])('%s', (_, rows, expected) => {
    expect(push(rows).counted).toEqual(expected);
  });

  test('overflow: a new series past the cap, until one is forgotten an hour after its last sample', () => {
    const stage = create(plain, 1);
    push([{ w: 0 }, { t: 1, count: 1 }, { t: 1, count: 1, route: '/b' }, { t: 2, count: 2 }], { stage });
    expect(counted(stage)).toEqual({ aggregated: 2, overflow: 1 });
    push([{ w: 60 * minute + 2 }, { t: 60 * minute + 3, count: 2, route: '/b' }], { stage });
    expect(counted(stage)).toEqual({ aggregated: 2, overflow: 2 });
    push([{ w: 60 * minute + 3 }, { t: 60 * minute + 4, count: 2, route: '/b' }], { stage });
    expect(counted(stage)).toEqual({ aggregated: 3, overflow: 2 });
  });
});

describe('closing', () => {
  const head = ({ previousWatermark, watermark }: PartialBatch): (number | null)[] => [
    previousWatermark === null ? null : previousWatermark - T,
    watermark - T,
  ];

  test('happens at each watermark that passes an end, with data or not, and chains the batches', () => {
    const { batches } = push([{ w: 5000 }, { w: 9999 }, { w: 10_000 }, { w: 10_001 }, { w: 31_000 }]);
    expect(batches.map(head)).toEqual([
      [null, 5000],
      [5000, 10_000],
      [10_000, 31_000],
    ]);
    expect(batches.every(({ part, last, partials }) => part === 0 && last && partials.length === 0)).toBe(
      true,
    );
  });

  test('waits for the grace', () => {
    const graceful = rules(
      '  - { alert: A, by: [route], window: 10s, grace: 5s, when: mean_latency > 1s }\n',
    );
    const stage = create(graceful);
    expect(push([{ w: 0 }, { t: 5000, count: 1, start: 0 }, { w: 14_999 }], { stage }).windows).toEqual([]);
    expect(push([{ w: 15_000 }], { stage }).windows).toEqual([[0, 1, 0.1, 0, 1, true]]);
  });

  test('goes by the least of the sources, without those that fell behind by more than the lookback', () => {
    const { stage } = push([
      { w: 60_000, source: 'a' },
      { w: 20_000, source: 'b' },
    ]);
    expect(stage.stage.watermark - T).toBe(60_000);
    push(
      [
        { w: 70_000, source: 'b' },
        { w: 80_000, source: 'a' },
      ],
      { stage },
    );
    expect(stage.stage.watermark - T).toBe(70_000);
    push([{ w: 70_000 + 5 * minute, source: 'a' }], { stage });
    expect(stage.stage.watermark - T).toBe(70_000);
    push([{ w: 70_001 + 5 * minute, source: 'a' }], { stage });
    expect(stage.stage.watermark - T).toBe(70_001 + 5 * minute);
  });

  test('goes by the greatest timestamp of a source, and never goes back', () => {
    const { stage, batches } = push([{ w: 20_000 }, { w: 10_000 }, { w: 15_000, source: 'new' }]);
    expect(stage.stage.watermark - T).toBe(20_000);
    expect(batches.map(head)).toEqual([[null, 20_000]]);
    push([{ w: 30_000 }], { stage });
    expect(stage.stage.watermark - T).toBe(20_000);
    // A source whose older mark comes again still stands at 20 minutes, and is not left out.
    const repeated = push([{ w: 20 * minute }, { w: 10 * minute }, { w: 24 * minute, source: 'new' }]);
    expect(repeated.stage.stage.watermark - T).toBe(20 * minute);
  });
});

describe('dead letters', () => {
  test('say reason, place and windows, and keep the record', () => {
    const { letters } = push([
      { w: 0 },
      { t: 5000, count: 0, sum: 0 },
      { w: 10_000 },
      { t: 12_000, count: 1, sum: 1 },
    ]);
    const selection = plain.selections[0]?.id;
    expect(letters).toEqual([
      expect.objectContaining({
        reason: 'late',
        topic: 'metrics',
        partition: 0,
        offset: 3,
        records: 1,
        windows: [{ selection, start: T }],
      }),
    ]);
    expect(codec.decode(letters[0]?.value ?? Buffer.alloc(0)).type).toBe('MetricRecord');
  });

  test('are written raw up to 100 per class and watermark; the rest is a number', () => {
    const junk: Row[] = Array.from({ length: 130 }, () => ({ bytes: Buffer.from('junk') }));
    const { letters } = push([...junk, { w: 0 }, { bytes: Buffer.from('junk') }]);
    const numbers = letters.map(({ records }: DeadLetter) => records);
    expect(numbers).toEqual([...Array.from({ length: 100 }, () => 1), 30, 1]);
  });
});
