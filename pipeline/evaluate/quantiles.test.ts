import { describe, expect, test } from 'vitest';
import { Driver, outputsOf, type Row, rules, T } from './driver.fixture.js';

const inf = Number.POSITIVE_INFINITY;
const window = 10_000;
/** A window of requests: so many at or below each bound. */
const row = (start: number, counts: Readonly<Record<string, number>>): Row => {
  const buckets = Object.entries(counts)
    .map(([le, count]) => ({ le: le === 'inf' ? inf : Number(le), count }))
    .sort((one, other) => one.le - other.le);
  return { start, requests: buckets.at(-1)?.count ?? 0, buckets };
};
const slow = rules('alert: Slow, when: p90_latency > 500ms');

/** Closes window after window; what each brought. */
function run(driver: Driver, ...windows: readonly (readonly Row[])[]) {
  return windows.map((rows, i) => driver.push({ w: (i + 1) * window, rows }));
}

describe('a rule on a quantile', () => {
  test('judges the value within its bucket, and its windows say the buckets', () => {
    const driver = new Driver(slow);
    const [fast, over] = run(
      driver,
      [row(0, { '0.1': 80, '0.5': 100, inf: 100 })],
      [row(window, { '0.1': 80, '0.5': 85, '1': 95, inf: 100 })],
    );
    expect(fast?.alerts).toEqual([]);
    expect(fast?.windows[0]?.buckets).toEqual([
      { le: 0.1, count: 80 },
      { le: 0.5, count: 100 },
      { le: inf, count: 100 },
    ]);
    expect(over?.alerts).toEqual([
      expect.objectContaining({
        state: 'firing',
        measure: 'p90_latency',
        value: 0.75,
        threshold: 0.5,
        requests: 100,
      }),
    ]);
  });

  test('judges alike where the stage is restored between two parts of a batch', () => {
    const parts = [
      { w: window, part: 0, last: false, rows: [row(0, { '0.1': 80, inf: 100 })] },
      { w: window, part: 1, rows: [{ ...row(0, { '0.1': 5, inf: 10 }), route: '/b' }] },
    ];
    const { windows } = outputsOf(slow, parts);
    expect(windows.map(({ buckets }) => buckets?.at(-1))).toEqual([
      { le: inf, count: 100 },
      { le: inf, count: 10 },
    ]);
  });

  test('fires above the last bound, where it is no number, if the threshold lies below that', () => {
    const beyond = [row(0, { '0.1': 10, '1': 20, inf: 100 })];
    const [below] = run(new Driver(slow), beyond);
    expect(below?.alerts).toEqual([
      expect.objectContaining({ state: 'firing', value: null, threshold: 0.5 }),
    ]);
    const [above] = run(new Driver(rules('alert: Slow, when: p90_latency > 2s')), beyond);
    expect(above?.alerts).toEqual([]);
  });

  test('does not resolve by a quantile of which nothing is known', () => {
    const driver = new Driver(rules('alert: Slow, when: p90_latency < 500ms'));
    const [low, unknown, beyond] = run(
      driver,
      [row(0, { '0.1': 100, inf: 100 })],
      [{ start: window, requests: 100, buckets: [] }],
      [row(2 * window, { '0.1': 10, '1': 20, inf: 100 })],
    );
    expect(low?.alerts.map(({ state }) => state)).toEqual(['firing']);
    expect(unknown?.alerts).toEqual([]);
    expect(beyond?.alerts.map(({ state }) => state)).toEqual(['resolved']);
  });

  test('adds the buckets of source partitions at the bounds that all share', () => {
    const driver = new Driver(slow);
    driver.push({
      w: window,
      source: 0,
      sources: 2,
      rows: [row(0, { '0.1': 10, '0.3': 20, '1': 60, inf: 60 })],
    });
    const { windows, alerts } = driver.push({
      ...{ w: window, source: 1, sources: 2 },
      rows: [row(0, { '0.3': 40, '1': 40, inf: 40 })],
    });
    expect(windows[0]?.buckets).toEqual([
      { le: 0.3, count: 60 },
      { le: 1, count: 100 },
      { le: inf, count: 100 },
    ]);
    expect(alerts[0]?.value).toBeCloseTo(0.3 + 0.7 * 0.75, 12);
  });

  test('compares with the quantile of the windows before, added up, also after a crash', () => {
    const driver = new Driver(
      rules('alert: Slow, when: p50_latency > 2 * baseline, baseline: { windows: 2, min_windows: 2 }'),
    );
    const usual = (start: number, at: number): Row =>
      row(start, { '0.1': at, '0.2': 100, '1': 100, inf: 100 });
    run(driver, [usual(0, 100)], [usual(window, 50)]);
    driver.crash();
    const { alerts } = driver.push({
      w: 3 * window,
      rows: [row(2 * window, { '0.1': 0, '0.2': 0, '1': 100, inf: 100 })],
    });
    const [alert] = alerts;
    expect(alert?.value).toBeCloseTo(0.6, 12);
    // 150 of 200 are at or below 0.1 s: the median is two thirds of it.
    expect(alert?.baseline?.value).toBeCloseTo(0.1 * (100 / 150), 12);
    expect(alert?.threshold).toBeCloseTo(0.2 * (100 / 150), 12);
  });

  test('comes through a crash between the parts of a window', () => {
    const driver = new Driver(slow);
    driver.push({ w: window, source: 0, sources: 2, rows: [row(0, { '0.3': 20, '1': 60, inf: 60 })] });
    driver.crash();
    const { alerts } = driver.push({
      w: window,
      source: 1,
      sources: 2,
      rows: [row(0, { '0.3': 4, '1': 40, inf: 40 })],
    });
    expect(alerts[0]?.value).toBeCloseTo(0.3 + (0.7 * (90 - 24)) / (100 - 24), 12);
  });

  test('leaves a count of requests one of a window, also in the baseline', () => {
    const driver = new Driver(
      rules('alert: Busy, when: request_count > 2 * baseline, baseline: { windows: 2, min_windows: 2 }'),
    );
    const of = (start: number, requests: number): Row => ({ start, requests });
    const [, , alerting] = run(driver, [of(0, 10)], [of(window, 20)], [of(2 * window, 31)]);
    expect(alerting?.alerts).toEqual([
      expect.objectContaining({
        value: 31,
        threshold: 30,
        baseline: { value: 15, windows: 2, frozenAt: 3 * window + T },
      }),
    ]);
  });

  test('says a quantile beside another measure', () => {
    const driver = new Driver(rules('alert: Busy, when: request_count > 10, context: [p99_latency]'));
    const [over] = run(driver, [row(0, { '0.1': 50, '0.5': 100, inf: 100 })]);
    const [alert] = over?.alerts ?? [];
    expect(alert).toMatchObject({ measure: 'request_count', value: 100, threshold: 10 });
    expect(alert?.context[0]).toMatchObject({ measure: 'p99_latency', baseline: null });
    expect(alert?.context[0]?.value).toBeCloseTo(0.1 + 0.4 * 0.98, 12);
  });
});

test('rules on quantiles and others keep selections of their own', () => {
  const { selections } = rules('alert: A, when: p99_latency > 1s', 'alert: B, when: mean_latency > 1s');
  expect(selections.map(({ text }) => text).sort()).toEqual([
    'http_request_duration_seconds{} errors{status=~"5.."} by (route) 10000 0',
    'http_request_duration_seconds{} errors{status=~"5.."} by (route) 10000 0 buckets',
  ]);
});
