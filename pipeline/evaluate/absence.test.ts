import { describe, expect, test } from 'vitest';
import { ABSENT_FOR } from '../model/alert-state.js';
import { alertsOf, brief, Driver, rules, type Slot, T } from './driver.fixture.js';

/** A window by its letter: bad and good against a limit of 1 s, a first sample alone, no data. */
const slots: Readonly<Record<string, Slot>> = {
  B: { requests: 10, latencySum: 20 },
  g: { requests: 10, latencySum: 5 },
  u: { requests: 0, latencySum: 0, covered: false },
  '-': null,
};

const judged = (settings: string, windows: string): unknown[][] =>
  alertsOf(
    rules(`alert: Slow, when: mean_latency > 1s, ${settings}`),
    [...windows].map((letter) => slots[letter] ?? null),
  ).map(brief);

type Case = readonly [name: string, settings: string, windows: string, records: unknown[][]];

describe('no_data', () => {
  const fired = [10, 'firing', null];
  test.each<Case>([
    [
      'keep: silence keeps the state, no_data_for long',
      'no_data: keep, no_data_for: 20s',
      'B---',
      [fired, [40, 'resolved', 'no_data']],
    ],
    [
      'resolve: silence ends the alert at once',
      'no_data: resolve',
      'B-',
      [fired, [20, 'resolved', 'no_data']],
    ],
    [
      'resolve: silence ends what is pending',
      'no_data: resolve, for: 1m',
      'B-',
      [
        [10, 'pending', null],
        [20, 'inactive', 'no_data'],
      ],
    ],
    ['resolve: a window with data that cannot be judged is no silence', 'no_data: resolve', 'Bu', [fired]],
    [
      'ignore: silence leaves the state, however long',
      'no_data: ignore, no_data_for: 10s',
      'B-----g',
      [fired, [70, 'resolved', 'recovered']],
    ],
    [
      'ignore: no_data_for still bounds data that cannot be judged',
      'no_data: ignore, no_data_for: 10s',
      'Buu',
      [fired, [30, 'resolved', 'no_data']],
    ],
    ['alert: silence is as if the condition held', 'no_data: alert', 'g-', [[20, 'firing', null]]],
    [
      'alert: silence waits for as long as for says',
      'no_data: alert, for: 20s',
      'g---',
      [
        [20, 'pending', null],
        [40, 'firing', null],
      ],
    ],
    [
      'alert: data ends it',
      'no_data: alert',
      'g-g',
      [
        [20, 'firing', null],
        [30, 'resolved', 'recovered'],
      ],
    ],
    [
      'alert: silence goes on where the condition held',
      'no_data: alert, for: 10s',
      'B-',
      [
        [10, 'pending', null],
        [20, 'firing', null],
      ],
    ],
    ['alert: a group that never had data is not missed', 'no_data: alert', '---', []],
    ['alert: a window with data that cannot be judged is no silence', 'no_data: alert', 'gu', []],
  ])('%s', (_, settings, windows, records) => {
    expect(judged(settings, windows)).toEqual(records);
  });

  test('alert and ignore forget a group a day and the lookback after its last window with data', () => {
    const last = Math.floor(ABSENT_FOR / 10_000) * 10_000 + 10_000;
    for (const [policy, first] of [
      ['alert', 20_000],
      ['ignore', 10_000],
    ] as const) {
      const driver = new Driver(rules(`alert: Slow, when: mean_latency > 1s, no_data: ${policy}`));
      const slot = policy === 'alert' ? { requests: 10, latencySum: 5 } : { requests: 10, latencySum: 20 };
      const before = driver.push({ w: 10_000, rows: [{ start: 0, ...slot }] }, { w: last });
      expect(before.alerts.map(brief)).toEqual([[first / 1000, 'firing', null]]);
      driver.crash();
      const { alerts } = driver.push({ w: last + 10_000 }, { w: last + 60_000 });
      expect(alerts.map(brief)).toEqual([[last / 1000 + 10, 'resolved', 'no_data']]);
    }
  });

  test('a window without data holds no baseline', () => {
    const [missed] = alertsOf(
      rules(
        'alert: Slow, when: mean_latency > 2 * baseline, no_data: alert, baseline: { windows: 2, min_windows: 1 }',
      ),
      [{ requests: 1 }, { requests: 1 }, null],
    );
    expect(missed).toMatchObject({ state: 'firing', value: null, requests: null, windowStart: T + 20_000 });
    expect(missed?.baseline).toEqual({ value: 1, windows: 2, frozenAt: null });
  });

  test('rules that ask for nothing of it keep the state of a selection as small as it was', () => {
    const sizes = ['keep', 'resolve', 'ignore'].map((policy) => {
      const driver = new Driver(rules(`alert: Slow, when: mean_latency > 1s, no_data: ${policy}`));
      driver.push({ w: 10_000, rows: [{ start: 0, requests: 1 }] });
      return driver.stateSize - policy.length;
    });
    expect(sizes[1]).toBe(sizes[0]);
    expect(sizes[2]).toBeGreaterThan(sizes[0] ?? 0);
  });
});
