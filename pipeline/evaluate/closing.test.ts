import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WindowRecord } from '../../schemas/types.js';
import { Driver, type Outputs, type Row, rules, type Spec, T } from './driver.fixture.js';

const plain = rules('alert: A, when: mean_latency > 1000s');
const brief = ({ start, group, requests }: WindowRecord): unknown[] => [
  (start - T) / 1000,
  group.route,
  requests,
];
const windowsOf = ({ windows }: Outputs): unknown[][] => windows.map(brief);
const row = (start: number, requests: number, route = '/a'): Row => ({ start, requests, route });

/** Id of a selection of the default metric, from its text by hand. */
const idOf = (by: string, times: string): string =>
  createHash('sha256')
    .update(`http_request_duration_seconds{} errors{status=~"5.."} by (${by}) ${times}`)
    .digest('hex')
    .slice(0, 16);

describe('windows close', () => {
  test('in order of end + grace, end, selection, group text', () => {
    const set = rules(
      'alert: A, when: mean_latency > 1000s',
      'alert: B, when: mean_latency > 1000s, window: 5s, grace: 10s',
      'alert: C, when: mean_latency > 1000s, by: [method], window: 20s',
      'alert: D, when: mean_latency > 1000s, by: [method], window: 10s',
    );
    const ids = [
      idOf('route', '10000 0'),
      idOf('route', '5000 10000'),
      idOf('method', '20000 0'),
      idOf('method', '10000 0'),
    ] as const;
    const [ten, five, twenty, other] = ids;
    expect(set.selections.map(({ id }) => id)).toEqual([...ids].sort());
    const rows: Row[] = [
      { selection: twenty, start: 0, requests: 10, group: { method: 'GET' } },
      { selection: other, start: 10_000, requests: 9, group: { method: 'GET' } },
      { selection: ten, start: 10_000, requests: 8, route: '/b' },
      { selection: ten, start: 10_000, requests: 7, route: '/a' },
      { selection: ten, start: 10_000, requests: 6, route: '/B' },
      { selection: ten, start: 10_000, requests: 5, group: {} },
      { selection: five, start: 5000, requests: 3 },
      { selection: ten, start: 0, requests: 2 },
      { selection: five, start: 0, requests: 1 },
    ];
    // What ends and closes at 20 s, by selection.
    const last = new Map([
      [
        ten,
        [
          [ten, 20, '/B', 6],
          [ten, 20, '/a', 7],
          [ten, 20, '/b', 8],
          [ten, 20, undefined, 5],
        ],
      ],
      [twenty, [[twenty, 20, undefined, 10]]],
      [other, [[other, 20, undefined, 9]]],
    ]);
    for (const order of [rows, [...rows].reverse()]) {
      const { windows } = new Driver(set).push({ w: 20_000, rows: order });
      expect(
        windows.map((one) => [one.selection, (one.end - T) / 1000, one.group.route, one.requests]),
      ).toEqual([
        [ten, 10, '/a', 2],
        [five, 5, '/a', 1],
        [five, 10, '/a', 3],
        ...[ten, twenty, other].sort().flatMap((id) => last.get(id) ?? []),
      ]);
    }
  });

  test('at end + grace, not before', () => {
    const driver = new Driver(rules('alert: A, when: mean_latency > 1000s, grace: 5s'));
    expect(windowsOf(driver.push({ w: 14_999, rows: [row(0, 3)] }))).toEqual([]);
    expect(windowsOf(driver.push({ w: 15_000 }))).toEqual([[0, '/a', 3]]);
  });

  const id = plain.selections[0]?.id ?? '';
  test.each<
    readonly [name: string, first: Spec['selections'], second: Spec['selections'], windows: unknown[][]]
  >([
    [
      'with data where every source partition had the selection from their start on',
      { [id]: T },
      { [id]: T },
      [
        [0, '/a', 3],
        [10, '/a', 9],
      ],
    ],
    ['without where one has it from later on', { [id]: T }, { [id]: T + 1 }, [[10, '/a', 9]]],
    ['without where one does not have it', { [id]: T }, {}, []],
    ['without where the greatest of the froms is later still', { [id]: T + 10_001 }, { [id]: T }, []],
  ])('%s', (_, first = {}, second = {}, windows) => {
    const driver = new Driver(plain);
    const out = driver.push(
      { w: 10_000, sources: 2, selections: first, rows: [row(0, 1)] },
      { w: 10_000, sources: 2, source: 1, selections: second, rows: [row(0, 2)] },
      { w: 20_000, sources: 2, selections: first, rows: [row(10_000, 4)] },
      { w: 20_000, sources: 2, source: 1, selections: second, rows: [row(10_000, 5)] },
    );
    expect(windowsOf(out)).toEqual(windows);
  });

  test('by the batch that reached their end + grace, whatever later ones list', () => {
    const driver = new Driver(plain);
    driver.push({ w: 12_000, sources: 2, selections: {}, rows: [row(0, 1)] });
    driver.push({ w: 20_000, sources: 2, selections: { [id]: T }, rows: [row(10_000, 4)] });
    driver.crash();
    expect(windowsOf(driver.push({ w: 20_000, sources: 2, source: 1 }))).toEqual([[10, '/a', 4]]);
  });
});

describe('a window record', () => {
  test('sums by source partition, whatever came first', () => {
    const driver = new Driver(plain);
    const spec = (source: number, latencySum: number): Spec => ({
      w: 10_000,
      source,
      sources: 3,
      rows: [{ start: 0, requests: 1, latencySum, errors: source, samples: 2, covered: source === 1 }],
    });
    const { windows } = driver.push(spec(2, 0.3), spec(1, 0.2), spec(0, 0.1));
    // (0.1 + 0.2) + 0.3 is 0.6000000000000001, and (0.3 + 0.2) + 0.1 is 0.6.
    expect(windows).toEqual([
      {
        metric: 'http_request_duration_seconds',
        selection: idOf('route', '10000 0'),
        group: { route: '/a' },
        start: T,
        end: T + 10_000,
        requests: 3,
        latencySum: 0.6000000000000001,
        errors: 3,
        requestRate: 0.3,
        errorRatio: 1,
        meanLatency: 0.6000000000000001 / 3,
        samples: 6,
        covered: true,
        buckets: null,
        max: null,
      },
    ]);
  });

  test('has no ratio and no mean without requests, and a rate of 0', () => {
    const rows: Row[] = [
      { start: 0, requests: 0, route: '/idle' },
      { start: 0, requests: 0, route: '/seen', samples: 1, covered: false },
    ];
    const { windows } = new Driver(plain).push({ w: 10_000, rows });
    expect(
      windows.map(({ group, requestRate, errorRatio, meanLatency, covered }) => [
        group.route,
        requestRate,
        errorRatio,
        meanLatency,
        covered,
      ]),
    ).toEqual([
      ['/idle', 0, null, null, true],
      ['/seen', 0, null, null, false],
    ]);
  });
});
