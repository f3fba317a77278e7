import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { FrameBatch } from '../../platform/log/batch.js';
import type { DeadLetter, Partial, PartialBatch } from '../../schemas/types.js';
import { type Aggregate, aggregateFactory } from '../aggregate/aggregate.js';
import { classes } from '../model/block.js';
import { seriesText } from '../model/text.js';
import { recompile } from '../sla/compile.js';
import { metricDecoding } from '../stage/decoding.js';

const codec = embeddedCodec();
const name = 'http_request_duration_seconds';
const T = 1_700_000_000_000;
const minute = 60_000;
const rules = (text: string) => recompile('sla.yaml', `version: 1\nslas:\n${text}`);
const plain = rules(
  `  - { alert: A, by: [route], window: 10s, when: mean_latency > 1s, match: '{route!="/none"}' }\n`,
);

type Row =
  | { readonly w: number; readonly source?: string }
  | {
      readonly t: number;
      readonly count: number;
      readonly sum?: number;
      readonly start?: number;
      readonly route?: string;
      readonly status?: string;
    }
  | { readonly bytes: Buffer };

/** Pushes rows (times relative to T) through the stage; returns what came of them. */
function push(rows: readonly Row[], { stage = create(), at = 0 }: { stage?: Aggregate; at?: number } = {}) {
  const batch = new FrameBatch();
  for (const [i, row] of rows.entries()) batch.push(record(row), at + i, 0);
  const produced = stage.push(batch);
  const batches = produced.flatMap(({ record }) => (record.type === 'PartialBatch' ? [record.value] : []));
  const letters = produced.flatMap(({ record }) => (record.type === 'DeadLetter' ? [record.value] : []));
  return {
    stage,
    batches,
    letters,
    windows: batches.flatMap(({ partials }) => partials.map(sums)),
    counted: counted(stage),
  };
}

const create = (set = plain, maxSeries = 1000): Aggregate =>
  aggregateFactory({
    decoding: () => metricDecoding(codec),
    compile: recompile,
    targets: 1,
    maxSeries,
  }).create(0, set);

function record(row: Row): { key: Buffer | null; value: Buffer } {
  if ('bytes' in row) return { key: Buffer.from('x{}'), value: row.bytes };
  if ('w' in row) {
    const { w, source = 's' } = row;
    return { key: null, value: codec.encode('Watermark', { timestamp: T + w, source, partitions: 1 }) };
  }
  const { t, count, sum = count / 10, start, route = '/a', status = '200' } = row;
  const labels = { route, status };
  const startTimestamp = start === undefined ? null : T + start;
  const value = codec.encode('MetricRecord', {
    timestamp: T + t,
    startTimestamp,
    count,
    sum,
    buckets: [],
    name,
    labels,
  });
  return { key: Buffer.from(seriesText(name, labels)), value };
}

const sums = ({ start, requests, latencySum, errors, samples, covered }: Partial): unknown[] => [
  start - T,
  requests,
  latencySum,
  errors,
  samples,
  covered,
];

const counted = ({ account }: Aggregate): Record<string, number> =>
  Object.fromEntries(classes.flatMap((one, i) => (account.totals[i] ? [[one, account.totals[i] ?? 0]] : [])));

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
    expect(stage.watermark - T).toBe(60_000);
    push(
      [
        { w: 70_000, source: 'b' },
        { w: 80_000, source: 'a' },
      ],
      { stage },
    );
    expect(stage.watermark - T).toBe(70_000);
    push([{ w: 70_001 + 5 * minute, source: 'a' }], { stage });
    expect(stage.watermark - T).toBe(70_001 + 5 * minute);
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
