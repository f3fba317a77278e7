import { describe, expect, test } from 'vitest';
import { alertsOf, brief, Driver, rules, type Slot, T } from './driver.fixture.js';

const match = 'match: memory_bytes';
/** So many samples that add up to this, the greatest of them. */
const slot = (requests: number, latencySum: number, max: number): Slot => ({
  requests,
  latencySum,
  max,
  samples: requests,
});

describe('a rule on a gauge', () => {
  test('judges the mean of all samples, or the greatest', () => {
    const slots = [slot(4, -8, 3), slot(4, 440, 200), slot(2, 100, 90)];
    const avg = alertsOf(rules(`alert: Memory, ${match}, when: avg > 100, context: [max]`), slots);
    expect(avg.map(brief)).toEqual([
      [20, 'firing', null],
      [30, 'resolved', 'recovered'],
    ]);
    expect(avg[0]).toMatchObject({ measure: 'avg', value: 110, threshold: 100, requests: 4 });
    expect(avg[0]?.context).toEqual([
      { measure: 'max', value: 200, baseline: null, ratio: null, rising: false },
    ]);
    expect(alertsOf(rules(`alert: Memory, ${match}, when: max < -5`), [slot(1, -6, -6)]).map(brief)).toEqual([
      [10, 'firing', null],
    ]);
  });

  test('compares with all samples of the windows before, and with the mean of their greatest', () => {
    const baseline = 'baseline: { windows: 2, min_windows: 2 }';
    const slots = [slot(1, 10, 10), slot(3, 60, 40), slot(2, 100, 60)];
    const [avg] = alertsOf(rules(`alert: A, ${match}, when: avg > 2 * baseline, ${baseline}`), slots);
    expect(avg).toMatchObject({ value: 50, threshold: 35, baseline: { value: 17.5, windows: 2 } });
    const [max] = alertsOf(rules(`alert: A, ${match}, when: max > 2 * baseline, ${baseline}`), slots);
    expect(max).toMatchObject({
      value: 60,
      threshold: 50,
      baseline: { value: 25, windows: 2, frozenAt: T + 30_000 },
    });
  });

  test('rests on samples: fewer than min_requests decide nothing', () => {
    const set = rules(`alert: A, ${match}, when: max > 1, min_requests: 3`);
    expect(alertsOf(set, [slot(2, 10, 9), slot(3, 10, 9)]).map(brief)).toEqual([[20, 'firing', null]]);
  });

  test('merges source partitions, and a window record says what was found', () => {
    const driver = new Driver(rules(`alert: A, ${match}, when: max > 100`));
    const part = (source: number, requests: number, latencySum: number, max: number) => ({
      ...{ w: 10_000, source, sources: 2 },
      rows: [{ start: 0, requests, latencySum, max, samples: requests }],
    });
    driver.push(part(0, 2, -10, -4));
    driver.crash();
    const { windows } = driver.push(part(1, 1, -1, -1));
    expect(windows).toEqual([
      expect.objectContaining({
        ...{ metric: 'memory_bytes', requests: 3, samples: 3, latencySum: -11, meanLatency: -11 / 3 },
        ...{ errors: 0, errorRatio: 0, covered: true, buckets: null, max: -1 },
      }),
    ]);
  });
});
