import { describe, expect, test } from 'vitest';
import { brief, Driver, outputsOf, rules, type Spec, T } from './driver.fixture.js';

/** One rate; a window of 10 s is a pane. */
const rule = (more = '', rate = '{ long: 1m, short: 20s, factor: 10 }') =>
  rules(`alert: Burn, objective: 99%, burn_rate: [${rate}]${more}`);

/** A pane for each: requests, and how many of them are errors; null for no data. */
const panes = (...all: readonly (readonly [requests: number, errors: number] | null)[]): Spec[] =>
  all.map((pane, i) => ({
    w: (i + 1) * 10_000,
    rows: pane === null ? [] : [{ start: i * 10_000, requests: pane[0], errors: pane[1] }],
  }));
const fine = [100, 0] as const;
const bad = [100, 50] as const;

describe('an objective', () => {
  test('is broken where both windows burn too fast, and kept again as soon as the short one does not', () => {
    const { alerts } = outputsOf(rule(), panes(fine, fine, fine, fine, fine, bad, bad, fine, fine, fine));
    // 50 of 600 are 8.3 times 1 %; 100 of 600 are 16.7 times; in the end nothing in 20 s.
    expect(alerts.map(brief)).toEqual([
      [70, 'firing', null],
      [90, 'resolved', 'recovered'],
    ]);
  });

  test('says how fast the long window burns, and all that it looked at', () => {
    const [alert] = outputsOf(rule(), panes(fine, fine, fine, fine, fine, bad, bad)).alerts;
    expect(alert).toMatchObject({
      ...{ alert: 'Burn', measure: 'burn_rate', operator: '>', threshold: 10, requests: 200, baseline: null },
      ...{ windowStart: T + 50_000, windowEnd: T + 70_000 },
    });
    expect(alert?.value).toBeCloseTo(100 / 600 / 0.01, 9);
    expect(alert?.conditions.map(({ window, threshold }) => [window, threshold])).toEqual([
      [60_000, 10],
      [20_000, 10],
    ]);
    expect(alert?.conditions[1]?.value).toBeCloseTo(50, 9);
  });

  test('a burst long ago is no reason to page: the short window decides when it is over', () => {
    const { alerts } = outputsOf(rule(), panes(bad, bad, fine, fine, fine));
    expect(alerts.map(brief)).toEqual([
      [10, 'firing', null],
      [40, 'resolved', 'recovered'],
    ]);
  });

  test('min_requests is of the long window', () => {
    const { alerts } = outputsOf(rule(', min_requests: 250'), panes(bad, bad, bad));
    expect(alerts.map(brief)).toEqual([[30, 'firing', null]]);
  });

  test('without requests in the short window nothing burns; without any it cannot be judged', () => {
    const { alerts } = outputsOf(rule(', no_data_for: 10s'), panes(bad, [0, 0], [0, 0], [0, 0]));
    expect(alerts.map(brief)).toEqual([
      [10, 'firing', null],
      [30, 'resolved', 'recovered'],
    ]);
    expect(outputsOf(rule(), panes([0, 0], [0, 0])).alerts).toEqual([]);
  });

  test('no data in the short window is no data', () => {
    const { alerts } = outputsOf(rule(', no_data: resolve'), panes(bad, null, null, null));
    expect(alerts.map(brief)).toEqual([
      [10, 'firing', null],
      [30, 'resolved', 'no_data'],
    ]);
  });

  test('of several rates one is enough; the first that burns is said', () => {
    const rates = '{ long: 1m, short: 20s, factor: 40 }, { long: 30s, short: 20s, factor: 10 }';
    const { alerts } = outputsOf(rule('', rates), panes(fine, fine, bad, bad));
    expect(alerts.map(brief)).toEqual([[30, 'firing', null]]);
    expect(alerts[0]).toMatchObject({ threshold: 10 });
    expect(alerts[0]?.conditions).toHaveLength(4);
  });

  test('each severity is an alert of its own, with an id of its own', () => {
    const rates =
      '{ long: 1m, short: 20s, factor: 40, severity: critical }, { long: 1m, short: 20s, factor: 10 }';
    const { alerts } = outputsOf(rule('', rates), panes(bad, fine));
    expect(alerts.map(({ severity, state }) => [severity, state])).toEqual([
      ['critical', 'firing'],
      ['warning', 'firing'],
      ['critical', 'resolved'],
    ]);
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(3);
    expect(new Set(alerts.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    expect(alerts.every(({ alert, labels }) => alert === 'Burn' && labels.alertname === 'Burn')).toBe(true);
  });

  test('an indicator says which requests are good', () => {
    const buckets = (good: number) => [
      { le: 0.3, count: good },
      { le: Number.POSITIVE_INFINITY, count: 100 },
    ];
    const at = (start: number, good: number): Spec => ({
      w: start + 10_000,
      rows: [{ start, requests: 100, buckets: buckets(good) }],
    });
    const { alerts } = outputsOf(rule(', sli: latency < 300ms'), [
      at(0, 100),
      at(10_000, 60),
      at(20_000, 100),
      at(30_000, 100),
    ]);
    expect(alerts.map(brief)).toEqual([
      [20, 'firing', null],
      [40, 'resolved', 'recovered'],
    ]);
    expect(alerts[0]?.value).toBeCloseTo(20, 9);
  });

  test('a rate whose long window is not whole yet does not burn', () => {
    const driver = new Driver(rules('alert: Other, when: mean_latency > 1h'));
    driver.push(...panes(bad, bad, bad));
    const set = rule('', '{ long: 50s, short: 20s, factor: 10 }, { long: 30s, short: 20s, factor: 40 }');
    driver.takeUp(set);
    const from = Object.fromEntries(set.selections.map(({ id }) => [id, T + 30_000]));
    const { alerts } = driver.push(
      ...panes(bad, bad, bad, bad, bad, bad, bad, bad, bad)
        .slice(3)
        .map((spec) => ({ ...spec, selections: from })),
    );
    // Panes from 30 s on: 30 s of them at 60 s.
    expect(alerts.map(brief)).toEqual([[60, 'firing', null]]);
    expect(alerts[0]?.conditions.map(({ value }) => value === null)).toEqual([true, false, false, false]);
  });

  test('a long window that another rule had not is not whole yet, though the short one was there', () => {
    const run = (crash: boolean): unknown[] => {
      const driver = new Driver(rule('', '{ long: 30s, short: 20s, factor: 40 }'));
      driver.push(...panes(bad, bad, bad, bad));
      driver.takeUp(rule('', '{ long: 1m, short: 20s, factor: 10 }, { long: 30s, short: 20s, factor: 60 }'));
      if (crash) driver.crash();
      const more = panes(...Array.from({ length: 11 }, () => bad)).slice(4);
      const { alerts } = driver.push(...more);
      return alerts.map((one) => [...brief(one), one.conditions.map(({ value }) => value === null)]);
    };
    // The panes of the new one begin at 40 s: 1 m of them at 100 s. Those of the other were there.
    const whole = [100, 'firing', null, [false, false, false, false]];
    expect(run(false)).toEqual([whole]);
    expect(run(true)).toEqual([whole]);
  });
});
