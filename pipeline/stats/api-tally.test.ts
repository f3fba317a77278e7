import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBatch } from '../../platform/log/batch.js';
import type { MetricRecord } from '../../schemas/types.js';
import type { ApiStats } from '../model/api-stats.js';
import { seriesText } from '../model/text.js';
import { codec } from '../stage/decoded.fixture.js';
import { metricDecoding } from '../stage/decoding.js';
import { ApiTally, type Statistics } from './api-tally.js';

const T = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
const duration = 'http_request_duration_seconds';
const request = 'http_request_size_bytes';
const response = 'http_response_size_bytes';

interface Sample {
  /** s after T */
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  readonly name?: string;
  readonly route?: string;
  readonly status?: string;
  readonly buckets?: MetricRecord['buckets'];
  /** s after T */
  readonly start?: number;
}

/** Pushes samples in order of time, each followed by its watermark; of the last `period` s of `now`. */
function tally(
  samples: readonly Sample[],
  { since = 0, now = 3_600, partitions = 1 }: { since?: number; now?: number; partitions?: number } = {},
): Statistics {
  const decoding = metricDecoding(codec);
  const one = new ApiTally({ decoding: () => decoding, since: T + since * 1000, now: T + now * 1000 });
  for (let partition = 0; partition < partitions; partition++) {
    const batch = new FrameBatch();
    let offset = 0;
    const watermark = (at: number): void =>
      batch.push(
        {
          key: null,
          value: codec.encode('Watermark', { timestamp: T + at * 1000, source: 's', partitions }),
        },
        offset++,
        0,
      );
    watermark((samples[0]?.at ?? 0) - 1);
    for (const [i, { at, name = duration, route = '/a', status = '200', start, ...more }] of samples
      .filter((_, i) => i % partitions === partition)
      .entries()) {
      const labels = { service: 'gateway', method: 'GET', route, status };
      const value = codec.encode('MetricRecord', {
        ...{ timestamp: T + at * 1000, startTimestamp: start === undefined ? null : T + start * 1000 },
        ...{ name, labels, type: 'cumulative', buckets: [], ...more },
      });
      batch.push({ key: Buffer.from(seriesText(name, labels)), value }, offset++, 0);
      if (i % 3 === 2) watermark(at);
    }
    watermark(samples.at(-1)?.at ?? 0);
    batch.rewind();
    one.push(partition, batch);
  }
  return one.statistics();
}

const first = ({ apis }: Statistics): ApiStats => apis[0] ?? expect.unreachable('there is no API');

describe('statistics of APIs', () => {
  test('are what counters grew by, over the time that there is data of', () => {
    const bounds = (within: number, all: number): MetricRecord['buckets'] => [
      { le: 0.1, count: within },
      { le: 1, count: all },
      { le: Number.POSITIVE_INFINITY, count: all },
    ];
    const found = tally([
      { at: 600, count: 100, sum: 10, buckets: bounds(100, 100) },
      { at: 600, name: request, count: 100, sum: 0 },
      { at: 600, name: response, count: 100, sum: 1_000 },
      { at: 700, count: 150, sum: 30, buckets: bounds(140, 150) },
      { at: 700, name: request, count: 150, sum: 5_000 },
      { at: 700, name: response, count: 150, sum: 6_000 },
    ]);
    expect(found).toEqual({
      from: T + 600_000,
      to: T + 700_000,
      apis: [
        {
          ...{ service: 'gateway', method: 'GET', route: '/a', requests: 50, rate: 0.5 },
          ...{ clientErrors: 0, serverErrors: 0 },
          latency: {
            mean: 0.4,
            p50: 0.0625,
            p95: expect.closeTo(0.775),
            p99: expect.closeTo(0.955),
            bound: 1,
          },
          request: { mean: 100, total: 5_000 },
          response: { mean: 100, total: 5_000 },
        },
      ],
    });
  });

  test('tell client from server errors, and each route apart, in order', () => {
    const grown = (route: string, status: string, by: number): Sample[] => [
      { at: 10, route, status, count: 5, sum: 0 },
      { at: 20, route, status, count: 5 + by, sum: by },
    ];
    const { apis } = tally(
      [
        ...grown('/b', '200', 7),
        ...grown('/a', '200', 4),
        ...grown('/a', '404', 2),
        ...grown('/a', '503', 1),
      ].sort((a, b) => a.at - b.at),
    );
    expect(
      apis.map(({ route, requests, clientErrors, serverErrors }) => [
        route,
        requests,
        clientErrors,
        serverErrors,
      ]),
    ).toEqual([
      ['/a', 7, 2, 1],
      ['/b', 7, 0, 0],
    ]);
  });

  test('say nothing of quantiles without buckets, nor above the last bound', () => {
    const plain = tally([
      { at: 0, count: 0, sum: 0 },
      { at: 10, count: 2, sum: 1 },
    ]);
    expect(first(plain)).toMatchObject({
      latency: { mean: 0.5, p50: null, bound: null },
      request: null,
      response: null,
    });
    const slow = (count: number): MetricRecord['buckets'] => [
      { le: 1, count: 0 },
      { le: Number.POSITIVE_INFINITY, count },
    ];
    const above = tally([
      { at: 0, count: 1, sum: 5, buckets: slow(1) },
      { at: 10, count: 3, sum: 15, buckets: slow(3) },
    ]);
    expect(first(above).latency).toEqual({ mean: 5, p50: null, p95: null, p99: null, bound: 1 });
  });

  test('take a restart for what it is, and a birth from its start', () => {
    const found = tally([
      { at: 30, start: 20, count: 3, sum: 3 },
      { at: 40, count: 5, sum: 5 },
      { at: 50, start: 45, count: 2, sum: 2 },
    ]);
    expect(first(found).requests).toBe(7);
    expect(found.from).toBe(T + 20_000);
  });

  test('begin where they are asked to, with the part of an interval that lies behind', () => {
    const samples = [
      { at: 1_790, count: 100, sum: 100 },
      { at: 1_810, count: 120, sum: 120 },
      { at: 1_830, count: 125, sum: 125 },
    ];
    expect(first(tally(samples, { since: 1_800 })).requests).toBe(15);
  });

  test('are empty without data, and of a time beyond all data', () => {
    expect(tally([])).toMatchObject({ apis: [] });
    expect(
      tally(
        [
          { at: 0, count: 1, sum: 1 },
          { at: 10, count: 2, sum: 2 },
        ],
        { since: 1_800 },
      ),
    ).toEqual({ from: T + 1_800_000, to: T + 1_800_000, apis: [] });
  });

  test('are the same whichever partition a series lies in, and equal a plain sum of what was added', () => {
    const steps = fc.array(
      fc.record({
        route: fc.constantFrom('/a', '/b'),
        status: fc.constantFrom('200', '404', '500'),
        add: fc.nat(1_000),
        name: fc.constantFrom(duration, response),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const counters = new Map<string, { count: number; sum: number }>();
        const expected = new Map<string, number>();
        const samples: Sample[] = [];
        // Every counter is seen at 0 before all.
        for (const name of [duration, response])
          for (const route of ['/a', '/b'])
            for (const status of ['200', '404', '500'])
              samples.push({ at: 0, name, route, status, count: 0, sum: 0 });
        for (const [i, { name, route, status, add }] of all.entries()) {
          const key = `${name} ${route} ${status}`;
          const before = counters.get(key) ?? { count: 0, sum: 0 };
          const now = { count: before.count + add, sum: before.sum + add * 2 };
          counters.set(key, now);
          samples.push({ at: 5 * (i + 1), name, route, status, ...now });
          const total = `${name} ${route}`;
          expected.set(total, (expected.get(total) ?? 0) + add);
        }
        const { apis } = tally(samples);
        for (const route of ['/a', '/b']) {
          const requests = expected.get(`${duration} ${route}`) ?? 0;
          const found = apis.find((one) => one.route === route);
          expect(found?.requests ?? 0).toBeCloseTo(requests, 6);
          if (found)
            expect(found.response?.total ?? 0).toBeCloseTo(
              2 * (expected.get(`${response} ${route}`) ?? 0),
              6,
            );
        }
      }),
      { numRuns: 100 },
    );
  });
});
