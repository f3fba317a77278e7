import { describe, expect, test } from 'vitest';
import { alertsOf, brief, rules, type Slot } from './driver.fixture.js';

const mean = (seconds: number, more: Partial<NonNullable<Slot>> = {}): Slot => ({
  requests: 10,
  latencySum: 10 * seconds,
  ...more,
});
const judged = (rule: string, slots: readonly Slot[]): unknown[][] =>
  alertsOf(rules(`alert: Slow, ${rule}`), slots).map(brief);
const [fired, resolved] = [[10, 'firing', null], (at: number) => [at, 'resolved', 'recovered']];

describe('clear', () => {
  const rule = 'when: mean_latency > 1s, clear: mean_latency < 800ms';

  test('an alert is over where clear holds, and not before', () => {
    expect(judged(rule, [mean(2), mean(0.9), mean(0.8), mean(0.7)])).toEqual([fired, resolved(40)]);
  });

  test('what is pending ends as soon as the condition is false', () => {
    expect(judged(`${rule}, for: 1m`, [mean(2), mean(0.9)])).toEqual([
      [10, 'pending', null],
      [20, 'inactive', 'recovered'],
    ]);
  });

  test('keep_firing_for counts from the last window in which the condition held', () => {
    expect(judged(`${rule}, keep_firing_for: 30s`, [mean(2), mean(0.9), mean(0.7), mean(0.7)])).toEqual([
      fired,
      resolved(40),
    ]);
  });

  test('a window that cannot tell whether clear holds leaves the alert', () => {
    const rule = 'when: request_rate > 0.5/s, clear: mean_latency < 1s';
    expect(judged(rule, [mean(2), { requests: 0, latencySum: 0 }, { requests: 1, latencySum: 0.5 }])).toEqual(
      [fired, resolved(30)],
    );
  });

  test('all conditions of a list must hold for it to be over', () => {
    const rule = 'when: mean_latency > 1s, clear: [mean_latency < 1s, error_ratio < 10%]';
    expect(judged(rule, [mean(2), mean(0.5, { errors: 2 }), mean(0.5)])).toEqual([fired, resolved(30)]);
  });
});

describe('when as a list', () => {
  const rule = 'when: [mean_latency > 1s, error_ratio > 10%, request_rate > 0.5/s]';

  test('holds where all hold', () => {
    expect(judged(rule, [mean(2), mean(2, { errors: 2 }), mean(2, { errors: 1 })])).toEqual([
      [20, 'firing', null],
      resolved(30),
    ]);
  });

  test('one that is false decides, whatever cannot be said of the others', () => {
    const rule = 'when: [mean_latency > 2 * baseline, error_ratio > 10%], no_data_for: 10s';
    const ready = [mean(1), mean(1), mean(1), mean(1), mean(1)];
    expect(judged(rule, [...ready, mean(3, { errors: 5 }), mean(1)])).toEqual([
      [60, 'firing', null],
      [70, 'resolved', 'recovered'],
    ]);
    expect(judged(rule, [mean(3, { errors: 5 }), mean(1)])).toEqual([]);
  });

  test('each is in the record with its value and threshold, the first as the measure', () => {
    const [alert] = alertsOf(rules(`alert: Slow, ${rule}`), [mean(2, { errors: 2 })]);
    expect(alert).toMatchObject({ measure: 'mean_latency', operator: '>', value: 2, threshold: 1 });
    expect(alert?.conditions).toEqual([
      { measure: 'mean_latency', operator: '>', window: 10_000, value: 2, threshold: 1 },
      { measure: 'error_ratio', operator: '>', window: 10_000, value: 0.2, threshold: 0.1 },
      { measure: 'request_rate', operator: '>', window: 10_000, value: 1, threshold: 0.5 },
    ]);
    const [alone] = alertsOf(rules('alert: Slow, when: [mean_latency > 1s]'), [mean(2)]);
    expect(alone?.conditions).toEqual([]);
  });
});
