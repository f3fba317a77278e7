import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { alertsOf, brief, Driver, rules, type Slot, T } from './driver.fixture.js';

/** Requests, latency in s, errors. */
const sums = (requests: number, latencySum = requests, errors = 0): Slot => ({
  requests,
  latencySum,
  errors,
});
/** 10 requests of the mean latency in s. */
const mean = (seconds: number): Slot => sums(10, 10 * seconds);
const [one, two, four] = [mean(1), mean(2), mean(4)];

const seconds = (at: number | null): number | null => (at === null ? null : (at - T) / 1000);
/** End in s, state, reason, value, threshold, [baseline, its windows, frozen since]. */
const full = (alert: AlertRecord): unknown[] => {
  const { value, threshold, baseline } = alert;
  const past = baseline && [baseline.value, baseline.windows, seconds(baseline.frozenAt)];
  return [...brief(alert), value, threshold, past];
};

const when = (settings: string, condition = 'mean_latency > 1.5 * baseline') =>
  rules(`alert: A, when: ${condition}, ${settings}`);
const recent = 'baseline: { windows: 4, min_windows: 2 }';

/** Settings, windows of 10 s, and the records. */
type Case = readonly [name: string, settings: string, windows: readonly Slot[], records: unknown[][]];

describe('the candidates', () => {
  test.each<Case>([
    [
      'are the windows before, over which requests and latency are summed: 70 s / 40',
      recent,
      [sums(10, 10), sums(30, 60), sums(10, 30)],
      [[30, 'firing', null, 3, 2.625, [1.75, 2, 30]]],
    ],
    [
      'are as many as `windows`, and no older ones',
      recent,
      [mean(9), mean(9), one, one, one, one, two],
      [[70, 'firing', null, 2, 1.5, [1, 4, 70]]],
    ],
    ['need min_windows that count', recent, [one, four], []],
    ['do not count without requests', recent, [one, sums(0), four], []],
    [
      'do not count without requests, but the others do',
      recent,
      [one, sums(0), one, two],
      [[40, 'firing', null, 2, 1.5, [1, 2, 40]]],
    ],
    ['do not count without data', recent, [one, null, four], []],
    [
      'are intervals, with data or not: the one before the last four is none',
      recent,
      [one, one, null, null, null, four],
      [],
    ],
    [
      'count from exactly four windows ago',
      recent,
      [one, one, null, null, two],
      [[50, 'firing', null, 2, 1.5, [1, 2, 50]]],
    ],
    [
      'count with requests that were too few to be judged',
      `${recent}, min_requests: 5`,
      [sums(1), sums(1), sums(10, 20)],
      [[30, 'firing', null, 2, 1.5, [1, 2, 30]]],
    ],
    [
      'do not count after which the rule was firing, but the one that ended it does: 30 s / 30',
      recent,
      [one, one, two, one, two],
      [
        [30, 'firing', null, 2, 1.5, [1, 2, 30]],
        [40, 'resolved', 'recovered', 1, 1.5, [1, 2, 30]],
        [50, 'firing', null, 2, 1.5, [1, 3, 50]],
      ],
    ],
    [
      'do not count after which the rule was pending',
      `${recent}, for: 20s`,
      [one, one, two, one, two],
      [
        [30, 'pending', null, 2, 1.5, [1, 2, 30]],
        [40, 'inactive', 'recovered', 1, 1.5, [1, 2, 30]],
        [50, 'pending', null, 2, 1.5, [1, 3, 50]],
      ],
    ],
    [
      'are 10 unless said otherwise, of which half must count',
      'severity: info',
      [one, one, one, one, two, two],
      // The mean of five windows is 1.2 s; 1.5 times that is 1.8 s, up to the last bit.
      [[60, 'firing', null, 2, 1.5 * 1.2, [1.2, 5, 60]]],
    ],
    ['must count by half, rounded up', 'baseline: { windows: 3 }', [one, two], []],
  ])('%s', (_, settings, windows, records) => {
    expect(alertsOf(when(settings), windows).map(full)).toEqual(records);
  });

  test('are summed by window start: 0.1 + 0.2 + 0.3', () => {
    const windows = [sums(1, 0.1), sums(1, 0.2), sums(1, 0.3), sums(1, 2)];
    const [alert] = alertsOf(when('baseline: { windows: 4, min_windows: 3 }'), windows);
    expect(alert?.baseline?.value).toBe(0.6000000000000001 / 3);
  });

  test.each<readonly [name: string, condition: string, windows: readonly Slot[], record: unknown[]]>([
    [
      'a rate: 40 requests in 2 windows of 10 s',
      'request_rate > 1.5 * baseline',
      [sums(10), sums(30), sums(50)],
      [30, 'firing', null, 5, 3, [2, 2, 30]],
    ],
    [
      'a ratio: 2 errors in 40 requests',
      'error_ratio >= 2 * baseline',
      [sums(10, 1, 0), sums(30, 1, 2), sums(10, 1, 1)],
      [30, 'firing', null, 0.1, 0.1, [0.05, 2, 30]],
    ],
    [
      '1 without a factor',
      'request_rate < baseline',
      [sums(10), sums(10), sums(9)],
      [30, 'firing', null, 0.9, 1, [1, 2, 30]],
    ],
  ])('give %s', (_, condition, windows, record) => {
    expect(alertsOf(when(recent, condition), windows).map(full)).toEqual([record]);
  });

  test('belong to one group', () => {
    const driver = new Driver(when(recent));
    const alerts = [1, 1, 2].flatMap((latency, i) => {
      const start = i * 10_000;
      const a = { route: '/a', start, requests: 1, latencySum: latency };
      return driver.push({ w: start + 10_000, rows: [a, { ...a, route: '/b', latencySum: 2 }] }).alerts;
    });
    expect(alerts.map(({ labels }) => labels.route)).toEqual(['/a']);
  });

  test('that are out of reach are forgotten, wherever the windows with data lie', () => {
    const driver = new Driver(when(recent));
    const sizes = Array.from({ length: 40 }, (_, i) => {
      const start = (4 * i + 1) * 10_000;
      driver.push({ w: start + 10_000, rows: [{ start, requests: 1 }] });
      return driver.stateSize;
    });
    expect(Math.max(...sizes.slice(20))).toBe(Math.max(...sizes.slice(0, 20)));
  });
});

describe('the freeze', () => {
  const [firing, held] = [
    [30, 'firing', null, 2, 1.5, [1, 2, 30]],
    [1, 2, 30],
  ];
  const aged = 'baseline: { windows: 4, min_windows: 2, max_age: 30s }';
  test.each<Case>([
    [
      'holds the value exactly at max_age, though no candidate counts any more',
      aged,
      [one, one, two, two, two, one],
      [firing, [60, 'resolved', 'recovered', 1, 1.5, held]],
    ],
    [
      'expires beyond max_age: then all candidates count, and what lasted is normal',
      aged,
      [one, one, two, two, two, two, two],
      [firing, [70, 'resolved', 'baseline expired', 2, 3, [2, 4, null]]],
    ],
    [
      'expires for a pending rule, too',
      `${aged}, for: 1h`,
      [one, one, two, two, two, two, two],
      [
        [30, 'pending', null, 2, 1.5, [1, 2, 30]],
        [70, 'inactive', 'baseline expired', 2, 3, [2, 4, null]],
      ],
    ],
    [
      'goes on as expired where the rule is broken even so',
      aged,
      [one, one, two, two, two, two, four, one],
      // Of the second: candidates of 2, 2, 2 and 4 s.
      [firing, [80, 'resolved', 'baseline expired', 1, 3.75, [2.5, 4, null]]],
    ],
    [
      'is not judged where it expired and too few candidates count',
      `${aged}, no_data_for: 1h`,
      [one, one, two, null, null, null, one, one, one],
      // At 70 s and 80 s at most one window counts; at 90 s the two before.
      [firing, [90, 'resolved', 'baseline expired', 1, 1.5, [1, 2, null]]],
    ],
    [
      'holds for the firing that follows a pending, since the window that first broke the rule',
      `${recent}, for: 20s`,
      [one, one, two, four, two],
      [
        [30, 'pending', null, 2, 1.5, held],
        [50, 'firing', null, 2, 1.5, held],
      ],
    ],
    [
      'begins anew with each alert',
      recent,
      [one, one, two, one, four],
      [firing, [40, 'resolved', 'recovered', 1, 1.5, held], [50, 'firing', null, 4, 1.5, [1, 3, 50]]],
    ],
    [
      'holds where the alert ends without data',
      `${recent}, no_data_for: 10s`,
      [one, one, two, null, null],
      [firing, [50, 'resolved', 'no_data', null, 1.5, held]],
    ],
    [
      'may be switched off: then every candidate counts, and nothing is held',
      'baseline: { windows: 4, min_windows: 2, freeze: false }',
      [one, one, mean(3), two],
      [
        [30, 'firing', null, 3, 1.5, [1, 2, null]],
        // 50 s of latency in 30 requests; 1.5 times that is 2.5 s, up to the last bit.
        [40, 'resolved', 'recovered', 2, 1.5 * (5 / 3), [5 / 3, 3, null]],
      ],
    ],
  ])('%s', (_, settings, windows, records) => {
    expect(alertsOf(when(settings), windows).map(full)).toEqual(records);
  });

  test('holds nothing where there was no value: a fixed limit is broken before its context is ready', () => {
    const set = when(`context: [request_rate], ${aged}`, 'mean_latency > 1.5s');
    const alerts = alertsOf(set, [two, two, two, two, two, two, one, one, one, sums(20, 60)]);
    expect(
      alerts.map(({ context, ...rest }) => [...brief({ context, ...rest }), context[0]?.baseline]),
    ).toEqual([
      [10, 'firing', null, null],
      // Nothing was held, so nothing expired: windows of the alert do not count.
      [70, 'resolved', 'recovered', null],
      // The three windows after it do: 30 requests in 30 s.
      [100, 'firing', null, 1],
    ]);
  });
});
