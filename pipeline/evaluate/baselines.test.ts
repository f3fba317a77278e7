import { describe, expect, test } from 'vitest';
import { alertsOf, brief, Driver, outputsOf, rules, type Slot, T } from './driver.fixture.js';

const mean = (seconds: number): Slot => ({ requests: 10, latencySum: 10 * seconds });
const spike = (seconds: readonly number[]): Slot[] => seconds.map(mean);

describe('the median of the windows before', () => {
  const median = 'baseline: { method: median, windows: 5, min_windows: 3 }';

  test('one window that was slow does not move it', () => {
    const windows = spike([1, 1, 30, 1, 1, 2.5]);
    const of = (more: string) =>
      alertsOf(rules(`alert: Slow, when: mean_latency > 2 * baseline, ${more}`), windows);
    expect(of(median).map(brief)).toEqual([[60, 'firing', null]]);
    expect(of('baseline: { windows: 5, min_windows: 4 }')).toEqual([]);
  });

  test('of an even number it lies between the two in the middle; windows without a value do not count', () => {
    const [alert] = alertsOf(
      rules(
        'alert: Slow, when: mean_latency > 2 * baseline, baseline: { method: median, windows: 4, min_windows: 4 }',
      ),
      spike([1, 4, 2, 3, 9]),
    );
    expect(alert?.baseline).toEqual({ value: 2.5, windows: 4, frozenAt: T + 50_000 });
    const [failing] = alertsOf(
      rules(
        'alert: Slow, when: error_ratio > 2 * baseline, baseline: { method: median, windows: 3, min_windows: 1 }',
      ),
      [
        { requests: 10, errors: 1 },
        { requests: 10, errors: 2 },
        { requests: 0, latencySum: 0 },
        { requests: 10, errors: 9 },
      ],
    );
    expect(failing?.baseline).toMatchObject({ value: 0.15000000000000002, windows: 2 });
  });

  test('mad is the median of the distances from it', () => {
    const rule =
      'alert: Slow, when: mean_latency > baseline + 3 * mad, baseline: { method: median, windows: 5, min_windows: 5 }';
    const alerts = alertsOf(rules(rule), spike([1, 2, 3, 4, 100, 6.01]));
    // Median 3; distances 2 1 0 1 97: 1.
    expect(alerts[0]).toMatchObject({ value: 6.01, threshold: 6, baseline: { value: 3, windows: 5 } });
    expect(alertsOf(rules(rule), spike([1, 2, 3, 4, 100, 6]))).toEqual([]);
    const below = rule.replace('> baseline + 3', '< 0.5 * baseline -0.5').replace('3 * mad', 'mad');
    expect(alertsOf(rules(below), spike([1, 2, 3, 4, 100, 0.99]))[0]).toMatchObject({ threshold: 1 });
  });

  test('is held as it was, over a restart too', () => {
    const alerts = alertsOf(
      rules(`alert: Slow, when: mean_latency > baseline + 2 * mad, ${median}`),
      spike([1, 1.5, 2, 5, 5, 5, 5, 1]),
    );
    expect(
      alerts.map(({ state, threshold, baseline }) => [state, threshold, baseline?.value, baseline?.windows]),
    ).toEqual([
      ['firing', 2.5, 1.5, 3],
      ['resolved', 2.5, 1.5, 3],
    ]);
  });
});

describe('the same time before', () => {
  const rule = (more: string) =>
    rules(`alert: Slow, when: mean_latency > 2 * baseline, baseline: { ${more} }`);

  test('the last window ends the offset before the current one', () => {
    const windows = spike([1, 2, 3, 3, 2, 50]);
    const [alert] = alertsOf(rule('windows: 2, min_windows: 2, offset: 30s'), windows);
    // The current one ends at 60 s: those that end at 30 s and 20 s.
    expect(alert?.baseline).toEqual({ value: 2.5, windows: 2, frozenAt: T + 60_000 });
  });

  test('an offset as long as the window is none', () => {
    const windows = spike([1, 2, 3, 4, 5, 50]);
    const [with_, without] = ['offset: 10s, ', ''].map((offset) =>
      alertsOf(rule(`${offset}windows: 3, min_windows: 3`), windows),
    );
    expect(without).toHaveLength(1);
    expect(with_?.map(({ baseline }) => baseline)).toEqual(without?.map(({ baseline }) => baseline));
  });

  test('is not ready before so much has been seen', () => {
    expect(alertsOf(rule('windows: 1, min_windows: 1, offset: 40s'), spike([1, 1, 1, 50]))).toEqual([]);
    expect(
      alertsOf(rule('windows: 1, min_windows: 1, offset: 40s'), spike([1, 1, 1, 1, 50])).map(brief),
    ).toEqual([[50, 'firing', null]]);
  });

  test('what is remembered is that, and no more', () => {
    const driver = new Driver(
      rules(
        'alert: Slow, when: mean_latency > 2 * baseline, baseline: { windows: 2, min_windows: 1, offset: 10m }',
      ),
    );
    const sizes: number[] = [];
    for (let i = 1; i <= 300; i++) {
      driver.push({ w: i * 10_000, rows: [{ start: (i - 1) * 10_000, requests: 1 }] });
      if (i % 100 === 0) sizes.push(driver.stateSize);
    }
    expect(sizes[2]).toBeLessThan(2.2 * (sizes[0] ?? 0));
    driver.crash();
    const { alerts } = driver.push({
      w: 301 * 10_000,
      rows: [{ start: 300 * 10_000, requests: 1, latencySum: 5 }],
    });
    expect(alerts[0]?.baseline).toMatchObject({ value: 1, windows: 2 });
  });

  test('of a hopping window it is the windows side by side that end by then', () => {
    const set = rules(
      'alert: Slow, window: 20s, every: 10s, when: mean_latency > 2 * baseline, baseline: { windows: 1, min_windows: 1, offset: 30s }',
    );
    const { alerts } = outputsOf(
      set,
      [2, 2, 3, 3, 3, 3, 50].map((seconds, i) => ({
        w: (i + 1) * 10_000,
        rows: [{ start: i * 10_000, requests: 10, latencySum: 10 * seconds }],
      })),
    );
    // It ends at 70 s, 30 s before that is 40 s: the window from 20 s on.
    expect(alerts[0]?.baseline).toMatchObject({ value: 3, windows: 1, frozenAt: T + 70_000 });
  });
});
