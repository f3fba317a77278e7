import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { alertsOf, Driver, type Row, rules, type Slot, T } from './driver.fixture.js';

/** First 32 hex digits of SHA-256. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const slow: Slot = { requests: 10, latencySum: 4.12, errors: 1 };
const fast: Slot = { requests: 10, latencySum: 1 };

/** The records of one rule over windows of 10 s. */
const records = (rule: string, ...slots: readonly Slot[]): readonly AlertRecord[] =>
  alertsOf(rules(`alert: Slow, ${rule}`), slots);

describe('an alert record', () => {
  test('says all that decided it', () => {
    const set = rules(
      'alert: Other, when: mean_latency > 9s',
      "alert: Slow, when: mean_latency > 2 * baseline, baseline: { windows: 3, min_windows: 1 }, context: [request_rate, error_ratio], severity: critical, labels: { team: video }, annotations: { summary: '{{ $labels.team }}: {{ $labels.route }} takes {{ $value }}', runbook_url: 'https://x/{{$labels.none}}' }",
    );
    const [alert, ...more] = alertsOf(set, [fast, slow]);
    expect(more).toEqual([]);
    expect(alert).toEqual({
      id: digest('Slow\n{route="/a"}\n1700000020000\nfiring'),
      fingerprint: digest('{alertname="Slow",route="/a",severity="critical",team="video"}'),
      alert: 'Slow',
      state: 'firing',
      severity: 'critical',
      labels: { alertname: 'Slow', route: '/a', severity: 'critical', team: 'video' },
      annotations: { runbook_url: 'https://x/', summary: 'video: /a takes 412ms' },
      measure: 'mean_latency',
      operator: '>',
      value: 4.12 / 10,
      threshold: 0.2,
      requests: 10,
      windowStart: 1_700_000_010_000,
      windowEnd: 1_700_000_020_000,
      startsAt: 1_700_000_020_000,
      endsAt: null,
      baseline: { value: 0.1, windows: 1, frozenAt: 1_700_000_020_000 },
      conditions: [],
      context: [
        { measure: 'request_rate', value: 1, baseline: 1, ratio: 1, rising: false },
        { measure: 'error_ratio', value: 0.1, baseline: 0, ratio: null, rising: false },
      ],
      reason: null,
      rule: {
        file: 'sla.yaml',
        // version, defaults, slas, Other: Slow stands in the fifth line.
        line: 5,
        revision: createHash('sha256').update(set.text).digest('hex').slice(0, 12),
      },
    });
  });

  test('keeps its fingerprint and startsAt from pending to resolved, with an id of its own for each state', () => {
    const alerts = records('when: mean_latency > 300ms, for: 10s', slow, slow, fast);
    const text = (state: string, end: number): string => digest(`Slow\n{route="/a"}\n${end}\n${state}`);
    expect(
      alerts.map(({ id, state, startsAt, endsAt, reason }) => [id, state, startsAt - T, endsAt, reason]),
    ).toEqual([
      [text('pending', T + 10_000), 'pending', 10_000, null, null],
      [text('firing', T + 20_000), 'firing', 10_000, null, null],
      [text('resolved', T + 30_000), 'resolved', 10_000, T + 30_000, 'recovered'],
    ]);
    expect(new Set(alerts.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  test('has no endsAt where a pending alert becomes inactive', () => {
    const [, last] = records('when: mean_latency > 300ms, for: 10s', slow, fast);
    expect([last?.state, last?.endsAt, last?.value, last?.threshold]).toEqual(['inactive', null, 0.1, 0.3]);
  });

  test.each<
    readonly [name: string, last: Slot, value: number | null, requests: number | null, summary: string]
  >([
    ['has no value and no requests without data', null, null, null, 'no data'],
    ['has requests, but no mean, where there were none', { requests: 0 }, null, 0, 'no data'],
    ['has what was too little to be judged', { requests: 2, latencySum: 3 }, 1.5, 2, '1.5s'],
  ])('%s', (_, last, value, requests, summary) => {
    const rule =
      "when: mean_latency > 2 * baseline, min_requests: 3, no_data_for: 0s, baseline: { min_windows: 1 }, context: [mean_latency], annotations: { summary: '{{ $value }}' }";
    const [, alert] = records(rule, fast, slow, last);
    expect(alert).toMatchObject({
      state: 'resolved',
      reason: 'no_data',
      value,
      requests,
      annotations: { summary },
    });
    expect(alert).toMatchObject({ endsAt: T + 30_000, windowStart: T + 20_000, windowEnd: T + 30_000 });
    // What it would have been compared with is known: it is held.
    expect(alert).toMatchObject({
      threshold: 0.2,
      baseline: { value: 0.1, windows: 1, frozenAt: T + 20_000 },
    });
    expect(alert?.context[0]?.value).toBe(value);
  });

  test.each<readonly [name: string, settings: string, group: Row['group'], text: string]>([
    [
      'the rule over the group',
      'labels: { route: all, team: a }',
      { route: '/a' },
      '{alertname="Slow",route="all",severity="warning",team="a"}',
    ],
    [
      'no empty ones',
      "labels: { route: '', team: '' }",
      { route: '/a' },
      '{alertname="Slow",severity="warning"}',
    ],
    [
      'values escaped',
      'severity: info',
      { route: 'a\\b"c\nd' },
      '{alertname="Slow",route="a\\\\b\\"c\\nd",severity="info"}',
    ],
    ['none of a group without labels', 'severity: info', {}, '{alertname="Slow",severity="info"}'],
  ])('puts labels together: %s', (_, settings, group, text) => {
    const row = { start: 0, requests: 10, latencySum: 20, ...(group && { group }) };
    const set = rules(`alert: Slow, when: mean_latency > 1s, ${settings}`);
    const { alerts } = new Driver(set).push({ w: 10_000, rows: [row] });
    expect(alerts.map(({ fingerprint }) => fingerprint)).toEqual([digest(text)]);
  });

  test.each<readonly [when: string, slot: Slot, threshold: number, printed: string]>([
    ['mean_latency > 300ms', { requests: 10, latencySum: 4.1234 }, 0.3, '412ms'],
    ['mean_latency > 1m30s', { requests: 1, latencySum: 123.4 }, 90, '123s'],
    ['request_rate >= 60/m', { requests: 712 }, 1, '71.2/s'],
    ['request_rate >= 7200/h', { requests: 20 }, 2, '2/s'],
    ['error_ratio > 2%', { requests: 1000, errors: 23 }, 0.02, '2.3%'],
    ['error_ratio > 0.5', { requests: 3, errors: 2 }, 0.5, '66.7%'],
  ])('prints the value of %s as the terminal does', (when, slot, threshold, printed) => {
    const [alert] = records(`when: ${when}, annotations: { summary: 'It is {{ $value }}.' }`, slot);
    expect(alert?.annotations).toEqual({ summary: `It is ${printed}.` });
    expect([alert?.threshold, alert?.baseline]).toEqual([threshold, null]);
  });
});

describe('context', () => {
  const past: Slot = { requests: 10, latencySum: 10, errors: 1 };
  test.each<readonly [name: string, rule: string, slots: readonly Slot[], context: unknown[]]>([
    [
      'rises above the factor of the rule',
      'when: mean_latency > 1.5 * baseline, context: [request_rate, error_ratio]',
      [past, { requests: 15, latencySum: 30, errors: 3 }],
      [
        ['request_rate', 1.5, 1, 1.5, false],
        ['error_ratio', 0.2, 0.1, 2, true],
      ],
    ],
    [
      'rises above 1.2 where the rule has no factor, and has a baseline all the same',
      'when: mean_latency > 1.5s, context: [request_rate, error_ratio]',
      [past, { requests: 12, latencySum: 24, errors: 1.5 }],
      [
        ['request_rate', 1.2, 1, 1.2, false],
        ['error_ratio', 0.125, 0.1, 1.25, true],
      ],
    ],
    [
      'has no ratio to a baseline of 0',
      'when: mean_latency > 1.5s, context: [error_ratio]',
      [{ requests: 10 }, { requests: 10, latencySum: 20, errors: 5 }],
      [['error_ratio', 0.5, 0, null, false]],
    ],
    [
      'has no baseline where it is not ready',
      'when: mean_latency > 1.5s, context: [request_rate]',
      [{ requests: 10, latencySum: 20 }],
      [['request_rate', 1, null, null, false]],
    ],
    [
      'may be the measure of the rule itself, in the order of the rule',
      'when: mean_latency > 1.5s, context: [request_rate, mean_latency]',
      [past, { requests: 10, latencySum: 20 }],
      [
        ['request_rate', 1, 1, 1, false],
        ['mean_latency', 2, 1, 2, true],
      ],
    ],
    ['is empty unless asked for', 'when: mean_latency > 1.5s', [{ requests: 1, latencySum: 2 }], []],
  ])('%s', (_, rule, slots, context) => {
    const alert = records(`${rule}, baseline: { min_windows: 1 }`, ...slots).at(-1);
    expect(alert?.state).toBe('firing');
    expect(
      alert?.context.map(({ measure, value, baseline, ratio, rising }) => [
        measure,
        value,
        baseline,
        ratio,
        rising,
      ]),
    ).toEqual(context);
  });

  test('is held with the rule, also where the limit is fixed', () => {
    const rule =
      'when: mean_latency > 1.5s, context: [request_rate], baseline: { min_windows: 1, max_age: 10s }';
    const bad: Slot = { requests: 20, latencySum: 40 };
    const worse: Slot = { requests: 30, latencySum: 60 };
    const held = records(rule, past, bad, past).at(-1);
    const expired = records(rule, past, bad, worse, past).at(-1);
    expect([held?.reason, held?.context[0]?.baseline]).toEqual(['recovered', 1]);
    // 60 requests in 30 s: all candidates count. The limit itself did not expire.
    expect([expired?.reason, expired?.context[0]?.baseline]).toEqual(['recovered', 2]);
    expect([held?.baseline, expired?.baseline]).toEqual([null, null]);
  });
});

describe('alert records come in order', () => {
  test('of window end + grace, window end, rule name, group text', () => {
    // Abe and Zed share a selection, so that by name Mid comes between them; Far closes last.
    const set = rules(
      'alert: Zed, when: mean_latency > 1s',
      'alert: Mid, when: mean_latency > 1s, by: [route, method]',
      'alert: Abe, when: mean_latency > 1s',
      'alert: Far, when: mean_latency > 1s, window: 5s, grace: 10s',
    );
    const id = (alert: string): string => set.rules.find((one) => one.alert === alert)?.selection.id ?? '';
    const row = (alert: string, start: number, route: string): Row => ({
      selection: id(alert),
      start,
      route,
      requests: 1,
      latencySum: 2,
    });
    const { alerts } = new Driver(set).push({
      w: 20_000,
      rows: [
        row('Far', 0, '/f'),
        row('Far', 5000, '/g'),
        row('Zed', 0, '/b'),
        row('Zed', 0, '/B'),
        row('Zed', 10_000, '/a'),
        row('Mid', 0, '/m'),
        row('Mid', 10_000, '/n'),
      ],
    });
    const firing = alerts.filter(({ state }) => state === 'firing');
    expect(firing.map(({ alert, labels, windowEnd }) => [alert, labels.route, windowEnd - T])).toEqual([
      ['Abe', '/B', 10_000],
      ['Abe', '/b', 10_000],
      ['Mid', '/m', 10_000],
      ['Zed', '/B', 10_000],
      ['Zed', '/b', 10_000],
      ['Far', '/f', 5000],
      ['Far', '/g', 10_000],
      ['Abe', '/a', 20_000],
      ['Mid', '/n', 20_000],
      ['Zed', '/a', 20_000],
    ]);
  });

  test('whether a group has data or not', () => {
    const driver = new Driver(rules('alert: A, when: mean_latency > 1s, no_data_for: 0s'));
    const row = (start: number, route: string, latencySum: number): Row => ({
      start,
      route,
      requests: 1,
      latencySum,
    });
    driver.push({ w: 10_000, rows: [row(0, '/a', 2), row(0, '/b', 2)] });
    const { alerts } = driver.push({ w: 20_000, rows: [row(10_000, '/b', 1), row(10_000, '/c', 2)] });
    expect(alerts.map(({ labels, state, reason }) => [labels.route, state, reason])).toEqual([
      ['/a', 'resolved', 'no_data'],
      ['/b', 'resolved', 'recovered'],
      ['/c', 'firing', null],
    ]);
  });
});
