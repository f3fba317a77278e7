import { describe, expect, test } from 'vitest';
import { Driver, type Row, rules, T } from './driver.fixture.js';

const inf = Number.POSITIVE_INFINITY;
const window = 10_000;
const row = (start: number, pairs: readonly (readonly [number, number])[], more: object = {}): Row => ({
  start,
  requests: pairs.at(-1)?.[1] ?? 100,
  buckets: pairs.map(([le, count]) => ({ le, count })),
  ...more,
});
const fast = rules('alert: Fast, when: ratio(latency < 300ms) < 99%');
const say = (bounds: string): string =>
  `sla.yaml:4 Fast: ratio(latency < 300ms) of {route="/a"} cannot be told from its buckets, so it is not judged: compare with a bound that all its series have (${bounds})`;

describe('a rule on the share of requests below a bound', () => {
  test('judges what the bucket of that bound holds, exactly', () => {
    const driver = new Driver(fast);
    const at = (start: number, below: number): Row =>
      row(start, [
        [0.1, 5],
        [0.3, below],
        [inf, 1000],
      ]);
    const all = [990, 989, 1000].flatMap(
      (below, i) => driver.push({ w: (i + 1) * window, rows: [at(i * window, below)] }).alerts,
    );
    expect(
      all.map(({ state, windowEnd, value, threshold }) => [state, windowEnd - T, value, threshold]),
    ).toEqual([
      ['firing', 20_000, 0.989, 0.99],
      ['resolved', 30_000, 1, 0.99],
    ]);
    expect(all[0]?.measure).toBe('ratio(latency < 300ms)');
    expect(driver.warnings).toEqual([]);
  });

  test('does not judge a bound that is none of the buckets, and says so once', () => {
    const driver = new Driver(fast);
    const found = [0, 1, 2].flatMap(
      (i) =>
        driver.push({
          w: (i + 1) * window,
          rows: [
            row(i * window, [
              [0.25, 1],
              [0.5, 2],
              [inf, 100],
            ]),
          ],
        }).alerts,
    );
    expect(found).toEqual([]);
    expect(driver.warnings).toEqual([say('0.25, 0.5, +Inf')]);
  });

  test('says that there are no buckets once that lasts: of a new rule they are not known in the first window', () => {
    const driver = new Driver(fast);
    const none = (start: number): Row => row(start, []);
    driver.push({ w: window, rows: [none(0), { ...none(0), route: '/b' }] });
    expect(driver.warnings).toEqual([]);
    driver.push({ w: 2 * window, rows: [none(window)] });
    driver.push({ w: 3 * window, rows: [none(2 * window)] });
    expect(driver.warnings).toEqual([say('none')]);
  });

  test('compares with the share over the windows before', () => {
    const driver = new Driver(
      rules(
        'alert: Fast, when: ratio(latency < 300ms) < 0.9 * baseline, baseline: { windows: 2, min_windows: 2 }',
      ),
    );
    const at = (start: number, below: number, all: number): Row =>
      row(start, [
        [0.3, below],
        [inf, all],
      ]);
    driver.push({ w: window, rows: [at(0, 90, 100)] }, { w: 2 * window, rows: [at(window, 300, 300)] });
    driver.crash();
    const { alerts } = driver.push({ w: 3 * window, rows: [at(2 * window, 8, 10)] });
    expect(alerts).toEqual([
      expect.objectContaining({
        value: 0.8,
        threshold: 0.9 * (390 / 400),
        baseline: { value: 390 / 400, windows: 2, frozenAt: T + 3 * window },
      }),
    ]);
  });

  test('keeps the same buckets as a quantile: one selection for both', () => {
    const { selections } = rules(
      'alert: A, when: p99_latency > 1s',
      'alert: B, when: ratio(latency < 1s) < 99%',
      'alert: C, when: request_count < 1, context: [ratio(latency < 1s)]',
    );
    expect(selections.map(({ text }) => text)).toEqual([
      'http_request_duration_seconds{} errors{status=~"5.."} by (route) 10000 0 buckets',
    ]);
  });
});
