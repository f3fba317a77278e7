import { describe, expect, test } from 'vitest';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { recompile } from '../sla/compile.js';
import { escapeHtml, reportHtml } from './html.js';
import { type Report, Reporter, type ReportOptions } from './report.js';
import { brokenText } from './text.js';

const T = 1_700_000_000_000;
const W = 10_000;
const rules = recompile(
  'sla.yaml',
  `version: 1
defaults: { by: [route], window: 10s }
slas:
  - { alert: Slow, when: mean_latency > 300ms }
  - { alert: Slower, when: mean_latency > 1.2 * baseline, for: 10s, severity: critical }
  - { alert: Quiet, when: request_rate < 1/s, min_requests: 1 }
`,
);
const selection = rules.rules[0]?.selection.id ?? '';

const window = (n: number, latency: number | null, more: Partial<WindowRecord> = {}): WindowRecord => {
  const requests = latency === null ? 0 : 100;
  return {
    ...{ metric: 'http_request_duration_seconds', selection, group: { route: '/a' } },
    ...{ start: T + n * W, end: T + (n + 1) * W, requests, latencySum: requests * (latency ?? 0), errors: 0 },
    ...{ requestRate: requests / 10, errorRatio: null, meanLatency: latency, samples: 2, covered: true },
    ...{ buckets: null, max: null },
    ...more,
  };
};

/** A transition at the end of the window n, of an alert that began at the end of the window `since`. */
function transition(
  state: AlertRecord['state'],
  [since, n]: readonly [number, number],
  more: Partial<AlertRecord> = {},
): AlertRecord {
  const alert = more.alert ?? 'Slow';
  const end = T + (n + 1) * W;
  const over = state === 'resolved';
  return {
    ...{ id: `${alert}-${n}-${state}`, fingerprint: alert, alert, state, severity: 'warning' },
    ...{ labels: { alertname: alert, route: '/a', severity: 'warning' }, annotations: {} },
    ...{ measure: 'mean_latency', operator: '>', value: 0.4, threshold: 0.3, requests: 100 },
    ...{ windowStart: end - W, windowEnd: end, startsAt: T + (since + 1) * W, endsAt: over ? end : null },
    ...{ baseline: null, context: [], conditions: [], reason: over ? 'recovered' : null },
    rule: { file: 'sla.yaml', line: 4, revision: '0' },
    ...more,
  };
}

function reportOf(
  records: { readonly windows: readonly WindowRecord[]; readonly alerts?: readonly AlertRecord[] },
  options: Partial<ReportOptions> = {},
): Report {
  const bounds = { from: T, to: T + 100 * W };
  const reporter = new Reporter({ rules, bounds, objective: null, worst: 3, ...options });
  for (const one of records.alerts ?? []) reporter.takeAlert(one);
  for (const one of records.windows) reporter.takeWindow(one);
  return reporter.report();
}

const of = ({ standings }: Report, alert: string) => standings.find((one) => one.rule === alert);

describe('a share', () => {
  test('is of the windows that can be judged', () => {
    const windows = [
      ...[0.1, 0.4, 0.2, null, 0.3].map((latency, n) => window(n, latency)),
      window(5, 0.9, { covered: false }),
    ];
    expect(of(reportOf({ windows }), 'Slow')).toMatchObject({ judged: 4, held: 3, share: 0.75 });
    expect(of(reportOf({ windows }), 'Quiet')).toMatchObject({ judged: 4, held: 4, share: 1 });
  });

  test('of a rule on a baseline is by its alerts, pending ones too', () => {
    const windows = Array.from({ length: 10 }, (_, n) => window(n, 0.1));
    const alerts = [
      transition('pending', [2, 2], { alert: 'Slower', threshold: 0.12 }),
      transition('firing', [2, 3], { alert: 'Slower', threshold: 0.13 }),
      transition('resolved', [2, 5], { alert: 'Slower' }),
      transition('pending', [8, 8], { alert: 'Slower' }),
      transition('inactive', [8, 9], { alert: 'Slower' }),
    ];
    const found = of(reportOf({ windows, alerts }), 'Slower');
    expect(found).toMatchObject({ judged: 10, held: 6, alerts: 1, firing: 2 * W, mttr: 2 * W });
    expect(found?.worst[0]?.threshold).toBe(0.12);
  });

  test('is of the period alone', () => {
    const windows = Array.from({ length: 10 }, (_, n) => window(n, n < 5 ? 0.4 : 0.1));
    const bounds = { from: T + 4 * W, to: T + 8 * W };
    expect(of(reportOf({ windows }, { bounds }), 'Slow')).toMatchObject({ judged: 4, held: 3 });
  });

  test('is null where nothing was judged', () => {
    const alerts = [transition('firing', [0, 0])];
    expect(of(reportOf({ windows: [], alerts }, { objective: 0.9 }), 'Slow')).toMatchObject({
      ...{ judged: 0, share: null, met: null, budgetLeft: null, alerts: 1 },
    });
  });
});

describe('an objective', () => {
  const windows = Array.from({ length: 20 }, (_, n) => window(n, n < 2 ? 0.4 : 0.1));
  test.each([
    [0.8, true, 0.5],
    [0.9, true, 0],
    [0.95, false, -1],
  ])('of %f is met: %s, with %f of the budget left', (objective, met, left) => {
    const found = of(reportOf({ windows }, { objective }), 'Slow');
    expect(found).toMatchObject({ objective, met, share: 0.9 });
    expect(found?.budgetLeft).toBeCloseTo(left, 9);
  });
});

describe("an objective of a rule's own", () => {
  const own = recompile(
    'sla.yaml',
    `version: 1
slas:
  - alert: Errors
    by: [route]
    window: 30s
    objective: 99%
    burn_rate: [{ long: 10m, short: 1m, factor: 10 }]
`,
  );
  const [rule] = own.rules;
  const over = (end: number, errors: number): WindowRecord =>
    window(0, 0.1, {
      ...{ selection: rule?.selection.id ?? '', start: T0 + end - 60_000, end: T0 + end },
      ...{ errors, errorRatio: errors / 100 },
    });
  const T0 = Math.ceil(T / 60_000) * 60_000;

  test('is of requests, each once, and its windows are held where it does not fire', () => {
    // Every half minute one of a minute: those at whole minutes lie side by side.
    const windows = Array.from({ length: 20 }, (_, n) =>
      over((n + 1) * 30_000, n === 3 ? 8 : n === 2 ? 50 : 0),
    );
    const alerts = (['firing', 'resolved'] as const).map((state, i) =>
      transition(state, [0, 0], {
        ...{ alert: 'Errors', measure: 'burn_rate', value: 12, threshold: 10, startsAt: T0 + 120_000 },
        windowEnd: T0 + (i === 0 ? 120_000 : 180_000),
        severity: rule?.severity ?? '',
      }),
    );
    const bounds = { from: T0, to: T0 + 600_000 };
    const found = reportOf({ windows, alerts }, { rules: own, bounds, objective: 0.5 }).standings[0];
    expect(found).toMatchObject({
      ...{ rule: rule?.name, judged: 20, held: 18, alerts: 1, firing: 60_000 },
      ...{ objective: 0.99, requests: { all: 1000, bad: 8 }, met: true, measure: 'error_ratio' },
      budgetLeft: expect.closeTo(0.2, 9),
    });
    expect(found?.worst[0]).toMatchObject({ value: 0.08, threshold: expect.closeTo(0.01, 9) });
  });
});

describe('the worst windows', () => {
  test('are those furthest from the threshold, the earlier first', () => {
    const windows = [0.4, 0.9, 0.5, 0.9, 0.31].map((latency, n) => window(n, latency));
    const worst = of(reportOf({ windows }), 'Slow')?.worst ?? [];
    expect(worst.map(({ start, value }) => [(start - T) / W, value])).toEqual([
      [1, 0.9],
      [3, 0.9],
      [2, 0.5],
    ]);
  });

  test('may be none', () => {
    expect(of(reportOf({ windows: [window(0, 0.9)] }, { worst: 0 }), 'Slow')?.worst).toEqual([]);
  });
});

describe('alerts', () => {
  test('count with what of them lies within the period; the mean time to resolve is of those resolved in it', () => {
    const alerts = [
      ...[transition('firing', [0, 0]), transition('resolved', [0, 4])],
      ...[transition('firing', [6, 6]), transition('resolved', [6, 7])],
      transition('firing', [9, 9]),
    ];
    const bounds = { from: T + 3 * W, to: T + 12 * W };
    expect(of(reportOf({ windows: [], alerts }, { bounds }), 'Slow')).toMatchObject({
      ...{ alerts: 3, firing: (2 + 1 + 2) * W, mttr: 2.5 * W },
    });
  });

  test('that were over before the period do not count', () => {
    const alerts = [transition('firing', [0, 0]), transition('resolved', [0, 1])];
    const bounds = { from: T + 5 * W, to: T + 9 * W };
    expect(reportOf({ windows: [window(6, 0.1)], alerts }, { bounds }).standings[0]).toMatchObject({
      alerts: 0,
    });
  });

  test('and windows of other rules are counted, and left out', () => {
    const alerts = [transition('firing', [0, 0], { alert: 'Gone' })];
    const windows = [window(0, 0.1, { selection: 'another' }), window(1, 0.1)];
    expect(reportOf({ windows, alerts }).others).toEqual({ alerts: 1, windows: 1 });
  });
});

test('time without windows is told', () => {
  const windows = [window(0, 0.1), window(60, 0.1)];
  const { first, last, gaps } = reportOf({ windows });
  expect([first, last]).toEqual([T, T + 61 * W]);
  expect(gaps).toEqual([
    { from: T + W, to: T + 60 * W },
    { from: T + 61 * W, to: T + 100 * W },
  ]);
});

describe('the page', () => {
  const windows = Array.from({ length: 100 }, (_, n) => window(n, n % 40 === 1 ? 0.4 + n / 1000 : 0.1));
  const alerts = [1, 41, 81].flatMap((n) => [
    transition('firing', [n, n]),
    transition('resolved', [n, n + 1]),
  ]);
  const odd = { group: { route: `</td><script>alert("&'")</script>\n` } };
  const found = reportOf({ windows: [...windows, window(99, 0.9, odd)], alerts }, { objective: 0.99 });
  const html = reportHtml(found, { file: '<sla>.yaml', notes: ['windows from <a> to b'] });

  test('is what it was', async () => {
    await expect(html).toMatchFileSnapshot('testdata/report.html');
  });

  test('has nothing from outside unescaped, no script, and nothing from elsewhere', () => {
    expect(html).not.toMatch(/<script|src=|href=|url\(|@import|<sla>|<a>/);
    expect(html).toContain('&lt;/td&gt;&lt;script&gt;alert(\\&quot;&amp;&#39;\\&quot;)&lt;/script&gt;\\n');
    expect(html).toContain('prefers-color-scheme:dark');
  });

  test.each([
    ['&<>"\'', '&amp;&lt;&gt;&quot;&#39;'],
    ['\u0007', '\\u0007'],
    ['plain', 'plain'],
  ])('escapes %j', (text, escaped) => expect(escapeHtml(text)).toBe(escaped));

  test('says where a value is beyond the buckets, and where there is no threshold', () => {
    const standing = found.standings[0];
    if (!standing) throw new Error('nothing was judged');
    expect(brokenText(standing, { start: 0, end: 1, value: null, threshold: 1 })).toContain(
      'beyond its buckets',
    );
    expect(brokenText(standing, { start: 0, end: 1, value: 1, threshold: null })).not.toContain('null');
  });
});
