import { describe, expect, test } from 'vitest';
import type { RuleSet } from '../model/rule.js';
import { brief, Driver, type Outputs, outputsOf, rules, type Spec, T } from './driver.fixture.js';
import { bounds, hopping, pane, rolling, row, tumbling } from './hopping.fixture.js';

describe('a rule over hopping windows', () => {
  /** One request a pane of so many seconds; null for no data. */
  const panes = (...latency: readonly (number | null)[]): Spec[] =>
    latency.map((one, i) => ({
      w: (i + 1) * 10_000,
      rows: one === null ? [] : [row(i * 10_000, 1, { latencySum: one })],
    }));

  test('is judged at each end: for, keep_firing_for and no_data_for count from there', () => {
    const set = rules(
      'alert: A, window: 20s, every: 10s, when: mean_latency > 1s, for: 20s, keep_firing_for: 20s, no_data_for: 30s',
    );
    const { alerts } = outputsOf(set, panes(3, 3, 3, 0, 0, 0, 9, null, null, null, null, null, null));
    expect(alerts.map(brief)).toEqual([
      [10, 'pending', null],
      [30, 'firing', null],
      // True at 40 s still, false since 50 s.
      [60, 'resolved', 'recovered'],
      [70, 'pending', null],
      // Judged last at 80 s.
      [120, 'inactive', 'no_data'],
    ]);
    expect(alerts[0]).toMatchObject({ windowStart: T - 10_000, windowEnd: T + 10_000, value: 3 });
    expect(alerts[4]).toMatchObject({ windowStart: T + 100_000, windowEnd: T + 120_000, value: null });
  });

  const relative =
    'alert: A, window: 20s, every: 10s, when: mean_latency > 1.5 * baseline, baseline: { windows: 2, min_windows: 2 }';

  test('is compared with windows side by side, the newest that ends before it begins', () => {
    const { alerts } = outputsOf(rules(relative), panes(1, 1, 2, 2, 9, 9, 9));
    // At 60 s the window begins at 40 s: those from 0 s and from 20 s count. At 50 s there is only one.
    expect(alerts.map((one) => [...brief(one), one.value, one.baseline])).toEqual([
      [60, 'firing', null, 9, { value: 1.5, windows: 2, frozenAt: T + 60_000 }],
    ]);
  });

  test('is not compared with those after which it was active', () => {
    const set = rules(`${relative}, context: [request_rate]`.replace('windows: 2, min', 'windows: 3, min'));
    const { alerts } = outputsOf(set, panes(1, 1, 1, 1, 9, 9, 1, 1, 1, 1, 9, 9));
    const usual = { value: 1, windows: 2 };
    expect(alerts.map((one) => [...brief(one), one.baseline, one.context[0]?.baseline])).toEqual([
      [60, 'firing', null, { ...usual, frozenAt: T + 60_000 }, 0.1],
      [80, 'resolved', 'recovered', { ...usual, frozenAt: T + 60_000 }, 0.1],
      // Of those from 20, 40 and 60 s the second broke the rule: with it the mean would be too high.
      [110, 'firing', null, { ...usual, frozenAt: T + 110_000 }, 0.1],
    ]);
  });

  test('costs no memory of windows that overlap: only those side by side are kept', () => {
    const driver = new Driver(rules(relative.replace('every: 10s', 'every: 1s').replace('20s', '100s')));
    const selection = driver.stage.rules.selections[0]?.id ?? '';
    const sizes = Array.from({ length: 900 }, (_, i) => {
      driver.push({ w: (i + 1) * 1000, rows: [{ selection, start: i * 1000, requests: 1 }] });
      return driver.stateSize;
    });
    expect(Math.max(...sizes.slice(500))).toBeLessThan(102 * 42 + 6 * 40 + 800);
  });
});

describe('rules that change', () => {
  const specs = (from: number, until: number): Spec[] =>
    Array.from({ length: (until - from) / 10_000 }, (_, i) => ({
      w: from + (i + 1) * 10_000,
      rows: [row(from + i * 10_000, 1, { latencySum: 2 })],
    }));

  /** Windows before and after, and the alerts of both, the same with a checkpoint before every step. */
  function change(before: RuleSet, after: RuleSet): Pick<Outputs, 'windows' | 'alerts'> {
    const results = [false, true].map((crash) => {
      const driver = new Driver(before);
      const steps = [
        ...specs(0, 30_000).map((spec) => () => driver.push(spec)),
        () => driver.takeUp(after),
        ...specs(30_000, 80_000).map((spec) => () => driver.push(spec)),
      ];
      const outputs = steps.map((step) => {
        if (crash) driver.crash();
        return step();
      });
      return {
        windows: outputs.flatMap(({ windows }) => windows),
        alerts: outputs.flatMap(({ alerts }) => alerts),
      };
    });
    expect(results[1]).toEqual(results[0]);
    return results[0] as Pick<Outputs, 'windows' | 'alerts'>;
  }
  const of = (selection: string, { windows }: Pick<Outputs, 'windows'>): unknown[][] =>
    windows.filter((one) => one.selection === selection).map(bounds);

  test('a new length begins with the panes that close from then on, though others had them', () => {
    const out = change(
      rules(tumbling, 'alert: R, window: 20s, every: 10s, when: mean_latency > 9s'),
      rules(tumbling, hopping),
    );
    expect(of(rolling, out)).toEqual([
      [30, 70, 4],
      [40, 80, 4],
    ]);
    expect(of(pane, out)).toHaveLength(8);
  });

  test('windows of the panes begin where only hopping ones had them', () => {
    const out = change(rules(hopping), rules(hopping, tumbling));
    expect(of(pane, out)[0]).toEqual([30, 40, 1]);
    expect(of(rolling, out)).toHaveLength(8);
  });

  test('a selection that stays has all of its panes, whoever else goes', () => {
    const out = change(
      rules(hopping, tumbling, 'alert: R, window: 20s, every: 10s, when: mean_latency > 9s'),
      rules(hopping),
    );
    expect(of(rolling, out).slice(2, 5)).toEqual([
      [-10, 30, 3],
      [0, 40, 4],
      [10, 50, 4],
    ]);
    expect(of(pane, out)).toHaveLength(3);
  });

  test('a changed rule of the same windows ends its alert, and finds the windows before it', () => {
    const rule = (limit: string): RuleSet =>
      rules(`alert: R, window: 20s, every: 10s, when: mean_latency >= ${limit}, baseline: { windows: 1 }`);
    const { alerts } = change(rule('1s'), rule('baseline'));
    expect(alerts.map((one) => [...brief(one), (one.windowStart - T) / 1000, one.baseline])).toEqual([
      [10, 'firing', null, -10, null],
      [30, 'resolved', 'rule_changed', 10, null],
      [40, 'firing', null, 20, { value: 2, windows: 1, frozenAt: T + 40_000 }],
    ]);
  });
});
