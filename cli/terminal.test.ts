import { describe, expect, test } from 'vitest';
import type { AlertRecord, ContextMeasure, WindowRecord } from '../schemas/types.js';
import { formatAlert, formatWindow } from './terminal.js';

/** A time of day in whatever zone the test runs. */
const at = (hour: number, minute: number, second: number): number =>
  new Date(2026, 0, 15, hour, minute, second).getTime();

const firing: AlertRecord = {
  id: '0'.repeat(32),
  fingerprint: '1'.repeat(32),
  alert: 'LatencyAboveBaseline',
  state: 'firing',
  severity: 'warning',
  labels: {
    alertname: 'LatencyAboveBaseline',
    method: 'POST',
    route: '/vms/videos/:id',
    service: 'gateway',
    severity: 'warning',
  },
  annotations: {},
  measure: 'mean_latency',
  operator: '>',
  value: 0.412,
  threshold: 1.2 * 0.301,
  requests: 2130,
  windowStart: at(12, 30, 0),
  windowEnd: at(12, 30, 30),
  startsAt: at(12, 30, 30),
  endsAt: null,
  baseline: { value: 0.301, windows: 10, frozenAt: at(12, 30, 30) },
  conditions: [],
  context: [{ measure: 'request_rate', value: 71, baseline: 48, ratio: 71 / 48, rising: true }],
  reason: null,
  rule: { file: 'sla.yaml', line: 8, revision: '0123456789ab' },
};
const resolved: AlertRecord = {
  ...firing,
  state: 'resolved',
  value: 0.305,
  windowEnd: at(12, 33, 30),
  endsAt: at(12, 33, 30),
  reason: 'recovered',
};
const context = (one: Partial<ContextMeasure>): Partial<AlertRecord> => ({
  context: [{ measure: 'request_rate', value: 71, baseline: 48, ratio: 1.4, rising: true, ...one }],
});

const head = 'warning LatencyAboveBaseline gateway POST /vms/videos/:id';

const burnRate = (window: number, value: number, threshold: number) => ({
  ...{ measure: 'burn_rate', operator: '>', window, value, threshold },
});
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
const burning: AlertRecord = {
  ...{ ...firing, alert: 'BudgetBurn', measure: 'burn_rate', value: 16.7, threshold: 14.4, baseline: null },
  context: [],
  conditions: [
    burnRate(6 * HOUR_MS, 4, 6),
    burnRate(30 * MINUTE_MS, 50, 6),
    burnRate(HOUR_MS, 16.7, 14.4),
    burnRate(5 * MINUTE_MS, 50, 14.4),
  ],
};
const broken: AlertRecord = {
  ...{ ...firing, context: [] },
  conditions: [
    { measure: 'mean_latency', operator: '>', window: 30_000, value: 0.412, threshold: 0.36 },
    { measure: 'error_ratio', operator: '>', window: 30_000, value: 0.05, threshold: 0.02 },
  ],
};

test('a burn rate says over which windows it is, and the others where there is room', () => {
  expect(formatAlert(burning)).toContain(
    'BudgetBurn gateway POST /vms/videos/:id burn 16.7x > 14.4x over 1h, 50x over 5m n=2130',
  );
  expect(formatAlert(burning)).not.toContain('6h');
  expect(formatAlert(burning, { wide: true })).toContain(
    '50x over 5m (else 4x > 6x over 6h, 50x over 30m) n=2130',
  );
  expect(formatAlert({ ...burning, state: 'resolved', value: 0.3 })).toContain(' burn 0.3x after ');
});

test('of several conditions each has its value and its threshold', () => {
  expect(formatAlert(broken)).toContain(' 412ms > 1.2 x 301ms (1.37x) and errors 5% > 2% n=2130');
});

describe('a transition is one line', () => {
  test.each<[string, AlertRecord, string]>([
    [
      'firing, against a baseline',
      firing,
      `12:30:30 FIRING   ${head} 412ms > 1.2 x 301ms (1.37x) rate 48 -> 71/s up n=2130 sla.yaml:8`,
    ],
    ['resolved', resolved, `12:33:30 RESOLVED ${head} 305ms after 3m00s`],
    [
      'resolved, judged by an expired baseline',
      { ...resolved, reason: 'baseline expired' },
      `12:33:30 RESOLVED ${head} 305ms after 3m00s (baseline expired)`,
    ],
    [
      'resolved without data',
      { ...resolved, value: null, requests: null, reason: 'no_data' },
      `12:33:30 RESOLVED ${head} no data after 3m00s (no_data)`,
    ],
    [
      'resolved by other rules, at their time',
      { ...resolved, value: null, threshold: null, reason: 'rule_changed', endsAt: at(12, 35, 35) },
      `12:33:30 RESOLVED ${head} no data after 5m05s (rule_changed)`,
    ],
    [
      'inactive again, before it fired',
      { ...resolved, state: 'inactive', endsAt: null },
      `12:33:30 INACTIVE ${head} 305ms after 3m00s`,
    ],
    [
      'pending',
      { ...firing, state: 'pending' },
      `12:30:30 PENDING  ${head} 412ms > 1.2 x 301ms (1.37x) rate 48 -> 71/s up n=2130 sla.yaml:8`,
    ],
    [
      'against a fixed threshold',
      { ...firing, baseline: null, threshold: 0.3, context: [] },
      `12:30:30 FIRING   ${head} 412ms > 300ms n=2130 sla.yaml:8`,
    ],
    [
      'against a baseline of 0',
      { ...firing, baseline: { value: 0, windows: 5, frozenAt: null }, threshold: 0, context: [] },
      `12:30:30 FIRING   ${head} 412ms > 0ms n=2130 sla.yaml:8`,
    ],
    [
      'of an error ratio',
      { ...firing, measure: 'error_ratio', operator: '>=', value: 0.023, threshold: 0.02, baseline: null },
      `12:30:30 FIRING   ${head} 2.3% >= 2% rate 48 -> 71/s up n=2130 sla.yaml:8`,
    ],
    [
      'of a request rate, with part of a request',
      {
        ...firing,
        measure: 'request_rate',
        operator: '==',
        value: 0,
        threshold: 0,
        baseline: null,
        context: [],
        requests: 0.4,
      },
      `12:30:30 FIRING   ${head} 0/s == 0/s n=0 sla.yaml:8`,
    ],
    [
      'with other labels behind the usual ones, and without those that lack',
      { ...firing, context: [], labels: { alertname: 'A', route: '/a', severity: 'info', team: 'core' } },
      '12:30:30 FIRING   warning LatencyAboveBaseline /a team=core 412ms > 1.2 x 301ms (1.37x) n=2130 sla.yaml:8',
    ],
  ])('%s', (_, alert, line) => {
    expect(formatAlert(alert)).toBe(line);
  });

  test.each<[Partial<ContextMeasure>, string]>([
    [{ rising: false }, 'rate 48 -> 71/s'],
    [{ baseline: null, ratio: null, rising: false }, 'rate 71/s'],
    [{ baseline: 0, ratio: null, rising: false }, 'rate 0 -> 71/s'],
    [{ value: null, ratio: null, rising: false }, 'rate 48 -> no data'],
    [{ measure: 'mean_latency', value: 0.4, baseline: 0.3 }, 'latency 300ms -> 400ms up'],
    [{ measure: 'error_ratio', value: 0.05, baseline: 0.01 }, 'errors 1% -> 5% up'],
  ])('its context %j reads %s', (one, text) => {
    expect(formatAlert({ ...firing, ...context(one) })).toContain(` (1.37x) ${text} n=2130 `);
  });

  test.each([
    [0, '0s'],
    [30, '30s'],
    [60, '1m00s'],
    [3599, '59m59s'],
    [3600, '1h00m'],
    [90_061, '25h01m'],
  ])('%d s are printed as %s', (seconds, text) => {
    const endsAt = resolved.startsAt + seconds * 1000;
    expect(formatAlert({ ...resolved, endsAt })).toBe(`12:33:30 RESOLVED ${head} 305ms after ${text}`);
  });

  test('whatever its labels hold', () => {
    const labels = { alertname: 'A', route: '/a\n\x1b[2J\x7f', team: 'x\r', severity: 'info' };
    expect(formatAlert({ ...resolved, labels })).toBe(
      '12:33:30 RESOLVED warning LatencyAboveBaseline /a\\n\\u001b[2J\\u007f team=x\\r 305ms after 3m00s',
    );
  });
});

describe('colour', () => {
  test.each<[AlertRecord['state'], number]>([
    ['firing', 31],
    ['pending', 33],
    ['resolved', 32],
    ['inactive', 90],
  ])('paints the state %s alone, and only when asked', (state, code) => {
    const alert = { ...firing, state };
    const word = state.toUpperCase().padEnd(8);
    const painted = formatAlert(alert, { color: true });
    expect(painted).toBe(formatAlert(alert).replace(word, `\x1b[1;${code}m${word}\x1b[0m`));
    expect(formatAlert(alert)).toBe(formatAlert(alert, { color: false }));
    expect(formatAlert(alert)).not.toContain('\x1b');
  });
});

describe('a window is one line', () => {
  const window: WindowRecord = {
    metric: 'http_request_duration_seconds',
    selection: '0'.repeat(16),
    group: { method: 'GET', route: '/a', service: 'gateway' },
    start: at(12, 30, 0),
    end: at(12, 30, 30),
    requests: 2130,
    latencySum: 877.56,
    errors: 21.3,
    requestRate: 71,
    errorRatio: 0.01,
    meanLatency: 0.412,
    samples: 6,
    covered: true,
    buckets: null,
    max: null,
  };
  test.each<[string, Partial<WindowRecord>, string]>([
    ['with requests', {}, '12:30:30 30s GET /a gateway 412ms 71/s 1%'],
    [
      'without requests',
      { requests: 0, requestRate: 0, errorRatio: null, meanLatency: null },
      '12:30:30 30s GET /a gateway no requests 0/s',
    ],
    [
      'of a size',
      { metric: 'http_response_size_bytes', latencySum: 369e6 },
      '12:30:30 30s GET /a gateway 12.3MB/s 71/s 1%',
    ],
    [
      'of a gauge',
      { metric: 'memory_bytes', requests: 6, latencySum: -12, meanLatency: -2, max: 1234.5 },
      '12:30:30 30s GET /a gateway avg -2 max 1230',
    ],
    ['without a group', { group: {} }, '12:30:30 30s 412ms 71/s 1%'],
    ['of part of a second', { start: at(12, 30, 29) + 500 }, '12:30:30 0.5s GET /a gateway 412ms 71/s 1%'],
    ['with a label that would break it', { group: { route: '/\n' } }, '12:30:30 30s /\\n 412ms 71/s 1%'],
  ])('%s', (_, change, line) => {
    expect(formatWindow({ ...window, ...change })).toBe(line);
  });

  test('wide: with its date, and what it is of', () => {
    expect(formatWindow(window, true)).toBe(
      `${new Date(window.end).toISOString()} 30s GET /a gateway 412ms 71/s 1% n=2130 selection=${window.selection}`,
    );
  });
});

test('an alert as a wide line has its date, its id, the revision of the rule, and the summary', () => {
  const line = formatAlert({ ...firing, annotations: { summary: 'slow\n"again"' } }, { wide: true });
  expect(line).toMatch(new RegExp(`^${new Date(firing.windowEnd).toISOString()} FIRING `));
  expect(line.endsWith(` id=${firing.id} revision=${firing.rule.revision} "slow\\\\n\\"again\\""`)).toBe(
    true,
  );
});
