import { describe, expect, test } from 'vitest';
import { Driver, type Outputs, outputsOf, rules, type Spec, T } from './driver.fixture.js';
import { bounds, hopping, pane, rolling, row, tumbling } from './hopping.fixture.js';

const only = (selection: string, { windows }: Pick<Outputs, 'windows'>): unknown[][] =>
  windows.filter((one) => one.selection === selection).map(bounds);

describe('a hopping window', () => {
  test('closes at each pane that ends, over those before, as long as one of them has data', () => {
    const out = outputsOf(rules(hopping), [
      { w: 20_000, rows: [row(0, 1), row(10_000, 2)] },
      { w: 30_000, rows: [row(20_000, 4)] },
      { w: 200_000 },
    ]);
    expect(only(rolling, out)).toEqual([
      [-30, 10, 1],
      [-20, 20, 3],
      [-10, 30, 7],
      [0, 40, 7],
      [10, 50, 6],
      [20, 60, 4],
    ]);
  });

  test('shares its panes with rules whose windows they are, and has none of their records alone', () => {
    expect(rules(hopping).selections.map(({ id }) => id)).toEqual([pane]);
    expect(rules(hopping, tumbling).selections.map(({ id }) => id)).toEqual([pane]);
    const specs = [{ w: 20_000, rows: [row(0, 1), row(10_000, 2)] }];
    expect(only(pane, outputsOf(rules(hopping), specs))).toEqual([]);
    expect(only(pane, outputsOf(rules(hopping, tumbling), specs))).toEqual([
      [0, 10, 1],
      [10, 20, 2],
    ]);
  });

  test('stands among others in order of end + grace, end, selection, group text', () => {
    const { windows } = outputsOf(rules(hopping, tumbling), [
      { w: 20_000, rows: [row(0, 1, { route: '/b' }), row(0, 1), row(10_000, 2)] },
    ]);
    const [first, second] = [pane, rolling].sort();
    expect(windows.map(({ end, selection, group }) => [(end - T) / 1000, selection, group.route])).toEqual([
      [10, first, '/a'],
      [10, first, '/b'],
      [10, second, '/a'],
      [10, second, '/b'],
      ...(first === pane
        ? [
            [20, pane, '/a'],
            [20, rolling, '/a'],
            [20, rolling, '/b'],
          ]
        : [
            [20, rolling, '/a'],
            [20, rolling, '/b'],
            [20, pane, '/a'],
          ]),
    ]);
  });

  test('adds panes up left to right, and says what they say together', () => {
    const sums = [0.1, 0.2, 0.3].map((latencySum, i) =>
      row(i * 10_000, 1, { latencySum, errors: i, samples: 2, covered: i === 1 }),
    );
    const { windows } = outputsOf(rules(hopping), [{ w: 30_000, rows: sums }]);
    // (0.1 + 0.2) + 0.3; from the right it would be 0.6.
    expect(windows[2]).toMatchObject({
      selection: rolling,
      start: T - 10_000,
      end: T + 30_000,
      requests: 3,
      latencySum: 0.6000000000000001,
      errors: 3,
      requestRate: 3 / 40,
      errorRatio: 1,
      meanLatency: 0.6000000000000001 / 3,
      samples: 6,
      covered: true,
    });
  });

  test('never subtracts: what a large pane rounded away is back without it', () => {
    const rows = [row(0, 1, { latencySum: 1e300 }), row(10_000, 1, { latencySum: 1 })];
    const { windows } = outputsOf(rules(hopping), [{ w: 60_000, rows }]);
    expect(windows.map(({ latencySum }) => latencySum)).toEqual([1e300, 1e300, 1e300, 1e300, 1]);
  });

  test('has the buckets that its panes share', () => {
    const set = rules('alert: P, window: 20s, every: 10s, when: p50_latency > 1s');
    const buckets = (le: readonly number[]): { le: number; count: number }[] =>
      [...le, Infinity].map((le, i) => ({ le, count: i + 1 }));
    const selection = set.selections[0]?.id ?? '';
    const { windows } = outputsOf(set, [
      {
        w: 20_000,
        rows: [
          { selection, start: 0, requests: 3, buckets: buckets([1, 2]) },
          { selection, start: 10_000, requests: 2, buckets: buckets([2]) },
        ],
      },
    ]);
    expect(windows[1]?.buckets).toEqual([
      { le: 2, count: 3 },
      { le: Infinity, count: 5 },
    ]);
  });

  test('is formed of whole panes alone: one that a source partition lacks takes all along that hold it', () => {
    const spec = (source: number, w: number, from: number): Spec => ({
      w,
      source,
      sources: 2,
      selections: { [pane]: T + from },
      rows: source === 0 ? [row(w - 10_000, w / 10_000)] : [],
    });
    const specs = [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000].flatMap((w) => [
      spec(0, w, -100_000),
      spec(1, w, w >= 30_000 ? 20_001 : -100_000),
    ]);
    expect(only(rolling, outputsOf(rules(hopping), specs))).toEqual([
      [-30, 10, 1],
      [-20, 20, 3],
      // The pane from 20 s on is not whole: the first without it begins at 30 s.
      [30, 70, 22],
    ]);
  });

  test('begins with the selection', () => {
    const rows = [0, 10_000, 20_000, 30_000, 40_000].map((start) => row(start, 1));
    const out = outputsOf(rules(hopping), [{ w: 50_000, selections: { [pane]: T + 1 }, rows }]);
    expect(only(rolling, out)).toEqual([[10, 50, 4]]);
  });
});

describe('a long window', () => {
  /** A multiple of 1 h; in s after T. */
  const hour = Math.ceil(T / 3_600_000) * 3600 - T / 1000;
  const at = (seconds: number): number => (hour + seconds) * 1000;

  test('over 1 h begins at 5 min, and adds up sums over 5 min, then panes', () => {
    const set = rules('alert: Long, window: 2h, every: 50s, when: mean_latency > 1s');
    const selection = set.selections[0]?.id ?? '';
    const latency = [
      [0, 0.1],
      [250, 0.2],
      [300, 0.3],
      [350, 0.6],
      [7200, 0.7],
    ] as const;
    const rows = latency.map(([start, latencySum]) => ({
      selection,
      start: at(start),
      requests: 1,
      latencySum,
    }));
    const { windows } = outputsOf(set, [{ w: at(8000), rows }]);
    const found = (end: number): unknown[] => {
      const one = windows.find((one) => one.end === T + at(end));
      return one ? [(one.start - T) / 1000 - hour, one.requests, one.latencySum, one.requestRate] : [];
    };
    expect(found(7200)).toEqual([0, 4, 0.1 + 0.2 + (0.3 + 0.6), 4 / 7200]);
    expect(found(7250)).toEqual([0, 5, 0.1 + 0.2 + (0.3 + 0.6) + 0.7, 5 / 7250]);
    expect(found(7450)).toEqual([0, 5, 0.1 + 0.2 + (0.3 + 0.6) + 0.7, 5 / 7450]);
    expect(found(7500)).toEqual([300, 3, 0.3 + 0.6 + 0.7, 3 / 7200]);
  });

  test('keeps of three days no more than its hours, and of these no more than the last in parts', () => {
    const set = rules('alert: Days, window: 3d, every: 30s, when: mean_latency > 1s');
    const driver = new Driver(set);
    const sizes: number[] = [];
    for (let h = 0; h < 80; h++) {
      const rows = Array.from({ length: 120 }, (_, i) => ({ start: at(h * 3600 + i * 30), requests: 1 }));
      const { windows } = driver.push({ w: at((h + 1) * 3600), rows });
      const whole = Math.min(h + 1, 72) * 120;
      expect(windows.at(-1)?.requests).toBe(whole);
      // 29.5 minutes on it began up to an hour earlier, or with the data.
      expect(windows.at(-62)?.requests).toBe(Math.min(h, 72) * 120 + 59);
      sizes.push(driver.stateSize);
    }
    // 72 + 2 hours, 12 + 1 times 5 min, 10 + 1 panes, of 42 bytes each.
    expect(Math.max(...sizes)).toBeLessThan(105 * 42 + 2500);
    expect(sizes.at(-1)).toBe(sizes.at(-3));
  });
});
