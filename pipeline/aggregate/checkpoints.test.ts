import { describe, expect, test } from 'vitest';
import type { PartialBatch } from '../../schemas/types.js';
import { codec, counted, create, minute, plain, push, type Row, restored, T } from './driver.fixture.js';

const state: Row = {
  bytes: codec.encode('StageState', {
    id: 'aggregate-0-7',
    part: 0,
    last: true,
    digest: 'x',
    payload: Buffer.from('state'),
  }),
};

describe('a checkpoint in the log', () => {
  test('is passed over: it counts as nothing, and changes nothing', () => {
    const { windows, letters, counted } = push([
      state,
      { w: 0 },
      { t: 1000, count: 0, sum: 0 },
      state,
      { t: 9000, count: 4, sum: 1 },
      state,
      { w: 10_000 },
      state,
    ]);
    expect(windows).toEqual([[0, 4, 1, 0, 2, true]]);
    expect(letters).toEqual([]);
    expect(counted).toEqual({ aggregated: 2 });
  });
});

describe('a stage that is restored', () => {
  const junk: Row[] = Array.from({ length: 70 }, () => ({ bytes: Buffer.from('junk') }));
  const pushes: Row[][] = [
    [
      { w: 0, partitions: 3 },
      { t: 1000, count: 1, sum: 0.1 },
    ],
    [
      { t: 4000, count: 4, sum: 0.3 },
      { t: 4000, count: 4, route: '/b', status: '500' },
    ],
    [{ t: 8000, count: 9, sum: 0.9 }, ...junk],
    [...junk, { w: 10_000, source: 'a' }],
    [{ w: 10_000 }, { t: 12_000, count: 20, sum: 3 }, { t: 12_000, count: 6, route: '/b', status: '500' }],
    [
      { t: 12_000, count: 20 },
      { t: 11_000, count: 20 },
      { t: 11_000, count: 21, sum: 9 },
    ],
    [
      { w: 40_000, source: 'b' },
      { w: 25_000, source: 'a' },
    ],
    [{ w: 30_000 }, { w: 2 * 60 * minute, source: 'b' }],
    [
      { t: 2 * 60 * minute + 1, count: 1 },
      { w: 2 * 60 * minute + 10_000, source: 'b' },
    ],
  ];
  const outputs = (crash: boolean): unknown => {
    let stage = create();
    const out = pushes.map((rows) => {
      if (crash) stage = restored(stage);
      const { batches, letters } = push(rows, { stage });
      return { batches, letters, series: stage.stage.seriesCount, watermark: stage.stage.watermark };
    });
    return [out, counted(stage)];
  };

  test('gives what it would have given', () => {
    expect(outputs(true)).toEqual(outputs(false));
  });

  test.each<readonly [name: string, labels: Record<string, string>, key: string]>([
    [
      'its series text',
      { route: '/a', status: '500' },
      'http_request_duration_seconds{route="/a",status="500"}',
    ],
    [
      'a text of escapes',
      { route: 'a\\b"c\nd,e="}' },
      'http_request_duration_seconds{route="a\\\\b\\"c\\nd,e=\\"}"}',
    ],
    [
      'another text: labels were changed on the way',
      { route: '/a' },
      'http_request_duration_seconds{path="/x"}',
    ],
    ['no text at all', { route: '/a' }, '17'],
    ['nothing', { route: '/a' }, ''],
    [
      'a label whose name has signs of its own',
      { 'a=b': 'x', route: '/a' },
      'http_request_duration_seconds{a=b="x",route="/a"}',
    ],
    [
      'a label whose name looks like two',
      { 'a="x",route': '/none' },
      'http_request_duration_seconds{a="x",route="/none"}',
    ],
  ])('knows a series whose key is %s', (_, labels, key) => {
    const first = create();
    push([{ w: 0 }, { t: 1000, count: 1, sum: 1, labels, key }], { stage: first });
    // Twice: what was read from a checkpoint is written again.
    const stage = restored(restored(first));
    const { batches } = push([{ t: 9000, count: 5, sum: 3, labels, key }, { w: 10_000 }], { stage });
    const partials = batches.flatMap((batch) => batch.partials);
    expect(partials.map(({ group, requests }) => [group, requests])).toEqual([
      [labels.route === undefined ? {} : { route: labels.route }, 4],
    ]);
    // Another selection finds the labels, not the key.
    stage.takeUp(plain);
    expect(stage.stage.seriesCount).toBe(1);
  });
});

describe('a batch', () => {
  test('says the greatest number of partitions that a source has said so far', () => {
    const { batches } = push([
      { w: 0, partitions: 2 },
      { w: 10_000, source: 'other', partitions: 4 },
      { w: 10_000, partitions: 2 },
      { w: 20_000, partitions: 3 },
      { w: 20_000, source: 'other', partitions: 1 },
    ]);
    expect(batches.map(({ watermark, sourcePartitions }) => [watermark - T, sourcePartitions])).toEqual([
      [0, 2],
      [10_000, 4],
      [20_000, 4],
    ]);
  });

  test('is split below 512 kB; its parts say where they belong, and the last one that it is the last', () => {
    // 2,000 groups of about 700 bytes.
    const rows: Row[] = Array.from({ length: 2000 }, (_, i) => ({
      t: 5000,
      start: 0,
      count: 1,
      sum: 1,
      route: `/${String(i).padStart(4, '0')}/${'é'.repeat(300)}`,
    }));
    const { batches } = push([{ w: 0 }, ...rows, { w: 10_000 }], { stage: create(plain, 5000) });
    const [, ...parts] = batches;
    const size = (batch: PartialBatch): number => codec.encode('PartialBatch', batch).length;
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, i) => i));
    expect(parts.map(({ last }) => last)).toEqual(parts.map((_, i) => i === parts.length - 1));
    expect(Math.max(...parts.map(size))).toBeLessThanOrEqual(512_000);
    for (const part of parts) {
      expect(part).toMatchObject({
        previousWatermark: T,
        watermark: T + 10_000,
        selections: parts[0]?.selections,
      });
    }
    const routes = parts.flatMap(({ partials }) => partials.map(({ group }) => group.route));
    expect(routes).toEqual(rows.map((row) => ('route' in row ? row.route : '')));
  });
});
