import { describe, expect, test } from 'vitest';
import { alertsOf, brief, Driver, rules, type Slot, T } from './driver.fixture.js';

/** A window by its letter: against a limit of 1 s with `min_requests: 5`. */
const slots: Readonly<Record<string, Slot>> = {
  /** Bad: the mean is 2 s. */
  B: { requests: 10, latencySum: 20 },
  /** Good: the mean is 1 s, which is not above 1 s. */
  g: { requests: 10, latencySum: 10 },
  /** No data. */
  '-': null,
  /** Not covered: a first sample alone. */
  u: { requests: 0, latencySum: 0, covered: false },
  /** No requests: no mean. */
  '0': { requests: 0, latencySum: 0 },
  /** Fewer requests than `min_requests`. */
  f: { requests: 4, latencySum: 8 },
};

const judged = (settings: string, windows: string): unknown[][] =>
  alertsOf(
    rules(`alert: Slow, when: mean_latency > 1s, min_requests: 5${settings}`),
    [...windows].map((letter) => slots[letter] ?? null),
  ).map(brief);

/** Settings beyond those above, windows of 10 s, and [end in s, state, reason] of each record. */
type Case = readonly [name: string, settings: string, windows: string, records: unknown[][]];

describe('inactive', () => {
  test.each<Case>([
    ['fires at once without for', '', 'B', [[10, 'firing', null]]],
    ['is pending with for', ', for: 10s', 'B', [[10, 'pending', null]]],
    ['stays where the condition is false', '', 'gg', []],
    ['stays where nothing can be judged', '', 'u0f-', []],
  ])('%s', (_, settings, windows, records) => {
    expect(judged(settings, windows)).toEqual(records);
  });
});

describe('pending', () => {
  const pending = [10, 'pending', null];
  test.each<Case>([
    ['stays below for', ', for: 20s', 'BB', [pending]],
    ['fires exactly at for', ', for: 20s', 'BBB', [pending, [30, 'firing', null]]],
    ['fires in the first window that ends beyond for', ', for: 15s', 'BBB', [pending, [30, 'firing', null]]],
    [
      'becomes inactive where the condition is false',
      ', for: 20s',
      'Bg',
      [pending, [20, 'inactive', 'recovered']],
    ],
    [
      'is not kept by keep_firing_for',
      ', for: 20s, keep_firing_for: 1h',
      'Bg',
      [pending, [20, 'inactive', 'recovered']],
    ],
    [
      'begins anew after it',
      ', for: 20s',
      'BgBBB',
      [pending, [20, 'inactive', 'recovered'], [30, 'pending', null], [50, 'firing', null]],
    ],
    [
      'goes on from its since over windows without judgement',
      ', for: 20s',
      'B-B',
      [pending, [30, 'firing', null]],
    ],
    ['does not fire in a window without judgement', ', for: 10s', 'Bu0f-', [pending]],
    ['stays exactly at no_data_for', ', for: 1h, no_data_for: 20s', 'B--', [pending]],
    [
      'becomes inactive beyond no_data_for',
      ', for: 1h, no_data_for: 20s',
      'B---',
      [pending, [40, 'inactive', 'no_data']],
    ],
  ])('%s', (_, settings, windows, records) => {
    expect(judged(settings, windows)).toEqual(records);
  });
});

describe('firing', () => {
  const firing = [10, 'firing', null];
  test.each<Case>([
    ['gives no record while it lasts', '', 'BBBB', [firing]],
    ['resolves where the condition is false', '', 'Bg', [firing, [20, 'resolved', 'recovered']]],
    ['stays below keep_firing_for', ', keep_firing_for: 20s', 'Bg', [firing]],
    [
      'resolves exactly at keep_firing_for',
      ', keep_firing_for: 20s',
      'Bgg',
      [firing, [30, 'resolved', 'recovered']],
    ],
    [
      'is kept from the last bad window on',
      ', keep_firing_for: 20s',
      'BgBgg',
      [firing, [50, 'resolved', 'recovered']],
    ],
    [
      'needs a false condition to resolve, however long ago the last bad window was',
      ', keep_firing_for: 20s',
      'B---g',
      [firing, [50, 'resolved', 'recovered']],
    ],
    ['is left by windows without data', '', 'B--B', [firing]],
    ['is left by windows that are not covered', '', 'BuuB', [firing]],
    ['is left by windows without requests, which have no mean', '', 'B00B', [firing]],
    ['is left by windows with too few requests', '', 'BffB', [firing]],
    ['stays exactly at no_data_for', ', no_data_for: 20s', 'B--', [firing]],
    ['resolves beyond no_data_for', ', no_data_for: 20s', 'B---', [firing, [40, 'resolved', 'no_data']]],
    [
      'resolves beyond no_data_for with data that is not judged',
      ', no_data_for: 20s',
      'B0uf',
      [firing, [40, 'resolved', 'no_data']],
    ],
    [
      'counts no_data_for from the last judged window, good or bad',
      ', no_data_for: 20s, keep_firing_for: 1h',
      'Bg---',
      [firing, [50, 'resolved', 'no_data']],
    ],
    [
      'resolves in the first window without judgement where no_data_for is 0',
      ', no_data_for: 0s',
      'B-',
      [firing, [20, 'resolved', 'no_data']],
    ],
    [
      'fires again after it resolved',
      '',
      'BgB',
      [firing, [20, 'resolved', 'recovered'], [30, 'firing', null]],
    ],
    [
      'fires again after it ended without data',
      ', no_data_for: 20s',
      'B---B',
      [firing, [40, 'resolved', 'no_data'], [50, 'firing', null]],
    ],
  ])('%s', (_, settings, windows, records) => {
    expect(judged(settings, windows)).toEqual(records);
  });

  test('ends in the window of the silence, though one watermark passes many', () => {
    const driver = new Driver(rules('alert: Slow, when: mean_latency > 1s, no_data_for: 20s'));
    driver.push({ w: 10_000, rows: [{ start: 0, requests: 10, latencySum: 20 }] });
    const { windows, alerts } = driver.push({ w: 3_600_000 });
    expect(windows).toEqual([]);
    expect(alerts.map(brief)).toEqual([[40, 'resolved', 'no_data']]);
  });
});

describe('a condition', () => {
  test.each([
    ['>', ['/above']],
    ['>=', ['/equal', '/above']],
    ['<', ['/below']],
    ['<=', ['/below', '/equal']],
    ['==', ['/equal']],
    ['!=', ['/below', '/above']],
  ])('compares by %s', (operator, routes) => {
    const rows = [
      { route: '/below', start: 0, requests: 4, latencySum: 3 },
      { route: '/equal', start: 0, requests: 4, latencySum: 4 },
      { route: '/above', start: 0, requests: 4, latencySum: 5 },
    ];
    const { alerts } = new Driver(rules(`alert: A, when: mean_latency ${operator} 1s`)).push({
      w: 10_000,
      rows,
    });
    expect(alerts.map(({ labels }) => labels.route).sort()).toEqual([...routes].sort());
    expect(alerts.every((alert) => alert.operator === operator && alert.startsAt === T + 10_000)).toBe(true);
  });

  test.each<readonly [name: string, when: string, slot: Slot, fires: boolean]>([
    ['a rate of 0 is judged', 'request_rate < 1/s', { requests: 0 }, true],
    ['a rate that is not covered is not', 'request_rate < 1/s', { requests: 0, covered: false }, false],
    ['a ratio without requests is not', 'error_ratio >= 0%', { requests: 0 }, false],
    ['a ratio of 0 is', 'error_ratio >= 0%', { requests: 1 }, true],
    ['exactly min_requests are enough', 'mean_latency > 0, min_requests: 3', { requests: 3 }, true],
    ['a fraction below min_requests is not', 'mean_latency > 0, min_requests: 3', { requests: 2.5 }, false],
    [
      'a rate is requests * 1000 / W: 1.5/s is not above 1.5/s',
      'request_rate > 1.5/s',
      { requests: 15 },
      false,
    ],
    ['a rate is requests * 1000 / W: 1.6/s is', 'request_rate > 1.5/s', { requests: 16 }, true],
    ['a limit of 90/m is 1.5/s', 'request_rate == 90/m', { requests: 15 }, true],
    ['a limit of 5% is 0.05', 'error_ratio == 5%', { requests: 20, errors: 1 }, true],
    ['a limit of 300ms is 0.3 s', 'mean_latency == 300ms', { requests: 1, latencySum: 0.3 }, true],
  ])('%s', (_, when, slot, fires) => {
    expect(alertsOf(rules(`alert: A, when: ${when}`), [slot]).map(brief)).toEqual(
      fires ? [[10, 'firing', null]] : [],
    );
  });

  test('is judged group by group, rule by rule', () => {
    const set = rules(
      'alert: Slow, when: mean_latency > 1s',
      'alert: Slower, when: mean_latency > 3s, for: 10s',
    );
    const driver = new Driver(set);
    const at = (start: number, a: number, b: number) => ({
      w: start + 10_000,
      rows: [
        { route: '/a', start, requests: 1, latencySum: a },
        { route: '/b', start, requests: 1, latencySum: b },
      ],
    });
    const { alerts } = driver.push(at(0, 2, 4), at(10_000, 1, 4), at(20_000, 4, 1));
    expect(
      alerts.map(({ alert, labels, ...rest }) => [alert, labels.route, ...brief({ alert, labels, ...rest })]),
    ).toEqual([
      ['Slow', '/a', 10, 'firing', null],
      ['Slow', '/b', 10, 'firing', null],
      ['Slower', '/b', 10, 'pending', null],
      ['Slow', '/a', 20, 'resolved', 'recovered'],
      ['Slower', '/b', 20, 'firing', null],
      ['Slow', '/a', 30, 'firing', null],
      ['Slow', '/b', 30, 'resolved', 'recovered'],
      ['Slower', '/a', 30, 'pending', null],
      ['Slower', '/b', 30, 'resolved', 'recovered'],
    ]);
  });
});
