import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Rule, RuleSet } from '../model/rule.js';
import { recompile } from './compile.js';

const minute = 60_000;
const hex = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

const rules = (text: string): RuleSet => recompile('conf/sla.yaml', text);
const only = (lines: string): Rule | undefined =>
  rules(`version: 1\nslas:\n  - alert: CheckoutSlow\n    when: mean_latency > 300ms\n${lines}`).rules[0];
const full = `version: 1
defaults:
  errors: '{status=~"5..|429"}'
  by: [service, route]
  window: 1m
  grace: 5s
  baseline: { method: 'mean', offset: 0, windows: 5, max_age: 2h }
  context: [request_rate]
  min_requests: 20
  for: 2m
  keep_firing_for: 3m
  no_data: keep
  no_data_for: 10m
  severity: info
  labels: { team: video, tier: 1.10 }
slas:
  - alert: Slower
    when: mean_latency > 1.2 * baseline
  - alert: Failing
    match: http_requests_total{route!="/healthz",service="gateway"}
    when: error_ratio >= 2%
    errors: '{code="500"}'
    by: [route, method, route]
    window: 1m30s
    grace: 0
    baseline: { method: 'mean', offset: 0, windows: 8, min_windows: 2, freeze: false }
    context: [mean_latency, error_ratio]
    min_requests: 0
    for: 0s
    keep_firing_for: 0s
    no_data_for: 1d
    severity: critical
    labels: { team: core, pager: 'on' }
    annotations:
      summary: '{{ $labels.route }}: {{ $value }}'
      description: plain
      runbook_url: https://example.org/failing
`;

describe('a rule file with every key', () => {
  const slower: Rule = {
    name: 'Slower',
    alert: 'Slower',
    objective: null,
    selection: {
      id: hex('http_request_duration_seconds{} errors{status=~"5..|429"} by (route,service) 60000 5000', 16),
      text: 'http_request_duration_seconds{} errors{status=~"5..|429"} by (route,service) 60000 5000',
      metric: 'http_request_duration_seconds',
      match: [],
      errors: [{ label: 'status', operator: '=~', value: '5..|429' }],
      by: ['route', 'service'],
      window: minute,
      grace: 5000,
      buckets: false,
      gauge: false,
      panes: null,
    },
    condition: {
      measure: 'mean_latency',
      operator: '>',
      threshold: { kind: 'baseline', factor: 1.2, mads: 0 },
    },
    baseline: { method: 'mean', offset: 0, windows: 5, minWindows: 3, freeze: true, maxAge: 120 * minute },
    context: ['request_rate'],
    minRequests: 20,
    for: 2 * minute,
    keepFiringFor: 3 * minute,
    also: [],
    clear: null,
    noData: 'keep',
    noDataFor: 10 * minute,
    severity: 'info',
    labels: { team: 'video', tier: '1.10' },
    annotations: {},
    file: 'conf/sla.yaml',
    line: 17,
  };
  const text =
    'http_requests_total{route!="/healthz",service="gateway"} errors{code="500"} by (method,route) 90000 0';
  const failing: Rule = {
    name: 'Failing',
    alert: 'Failing',
    objective: null,
    selection: {
      id: hex(text, 16),
      text,
      metric: 'http_requests_total',
      match: [
        { label: 'route', operator: '!=', value: '/healthz' },
        { label: 'service', operator: '=', value: 'gateway' },
      ],
      errors: [{ label: 'code', operator: '=', value: '500' }],
      by: ['method', 'route'],
      window: 90_000,
      grace: 0,
      buckets: false,
      gauge: false,
      panes: null,
    },
    condition: { measure: 'error_ratio', operator: '>=', threshold: { kind: 'fixed', value: 0.02 } },
    baseline: { method: 'mean', offset: 0, windows: 8, minWindows: 2, freeze: false, maxAge: 120 * minute },
    context: ['mean_latency', 'error_ratio'],
    minRequests: 0,
    for: 0,
    keepFiringFor: 0,
    also: [],
    clear: null,
    noData: 'keep',
    noDataFor: 1440 * minute,
    severity: 'critical',
    labels: { team: 'core', tier: '1.10', pager: 'on' },
    annotations: {
      summary: '{{ $labels.route }}: {{ $value }}',
      description: 'plain',
      runbook_url: 'https://example.org/failing',
    },
    file: 'conf/sla.yaml',
    line: 19,
  };

  test('gives its rules in order of name, each with the defaults that it does not replace', () => {
    expect(rules(full).rules).toEqual([failing, slower]);
  });

  test('gives its selections in order of id, and the revision of its bytes', () => {
    const set = rules(full);
    const ids = [failing.selection.id, slower.selection.id].sort();
    expect(set.selections.map(({ id }) => id)).toEqual(ids);
    expect([set.file, set.text, set.revision]).toEqual(['conf/sla.yaml', full, hex(full, 12)]);
  });
});

describe('defaults', () => {
  test('hold where the file sets none', () => {
    expect(only('')).toMatchObject({
      baseline: { method: 'mean', offset: 0, windows: 10, minWindows: 5, freeze: true, maxAge: 60 * minute },
      context: [],
      minRequests: 0,
      for: 0,
      keepFiringFor: 0,
      also: [],
      clear: null,
      noData: 'keep',
      noDataFor: 15 * minute,
      severity: 'warning',
      labels: {},
      annotations: {},
      line: 3,
    });
  });

  test.each([
    ['{ windows: 7 }', 7, 4],
    ['{ windows: 1 }', 1, 1],
    ['{ windows: 4, min_windows: 4 }', 4, 4],
    ['{}', 10, 5],
  ])('min_windows is half the windows, rounded up: %s', (baseline, windows, minWindows) => {
    expect(only(`    baseline: ${baseline}\n`)?.baseline).toMatchObject({ windows, minWindows });
  });
});

describe('selections', () => {
  test('are known by the hash of their text', () => {
    // printf '%s' 'http_request_duration_seconds{service="checkout"} errors{status=~"5.."} by (method,route,service) 30000 0' | sha256sum
    expect(only(`    match: '{service="checkout"}'\n`)?.selection.id).toBe('5eab8550f3f00ee5');
  });

  test('are one where rules differ in order, repetition and all that is no part of them', () => {
    const set = rules(`version: 1
slas:
  - { alert: A, when: mean_latency > 1s, by: [b, a], match: '{x="1",a=~"2",a!="3"}' }
  - { alert: B, when: error_ratio > 1%, by: [a, b, a], match: 'http_request_duration_seconds{ a!="3", a=~"2", x="1", }', for: 1m }
  - { alert: C, when: mean_latency > 1s, by: [a, b], match: '{x="1",a=~"2",a!="3"}', grace: 1s }
`);
    expect(set.selections.map(({ text }) => text).sort()).toEqual([
      'http_request_duration_seconds{a!="3",a=~"2",x="1"} errors{status=~"5.."} by (a,b) 30000 0',
      'http_request_duration_seconds{a!="3",a=~"2",x="1"} errors{status=~"5.."} by (a,b) 30000 1000',
    ]);
  });

  const usual = 'errors{status=~"5.."} by (method,route,service) 30000 0';
  test.each([
    ['no group', 'by: []', 'http_request_duration_seconds{} errors{status=~"5.."} by () 30000 0'],
    ['a metric alone', 'match: http_requests', `http_requests{} ${usual}`],
    [
      'errors without matchers',
      "errors: '{}'",
      'http_request_duration_seconds{} errors{} by (method,route,service) 30000 0',
    ],
    [
      'escapes',
      String.raw`match: '{path="C:\\x \"y\"\n"}'`,
      String.raw`http_request_duration_seconds{path="C:\\x \"y\"\n"} ${usual}`,
    ],
    [
      'a look behind',
      `match: '{route=~"(?<=a)b"}'`,
      `http_request_duration_seconds{route=~"(?<=a)b"} ${usual}`,
    ],
    ['an empty regex', `match: '{route=~""}'`, `http_request_duration_seconds{route=~""} ${usual}`],
  ])('their text, with %s', (_, line, text) => {
    expect(only(`    ${line}\n`)?.selection.text).toBe(text);
  });
});

describe('windows that are put together from panes', () => {
  const lengths = (set: RuleSet): readonly string[] =>
    set.judged.map(({ text }) => text.split(' ').slice(4).join(' ')).sort();
  const file = (defaults: string, ...windows: readonly string[]): RuleSet =>
    rules(
      `version: 1\ndefaults: { by: [], ${defaults} }\nslas:\n${windows
        .map((one, i) => `  - { alert: A${i}, when: mean_latency > 1s, ${one} }\n`)
        .join('')}`,
    );

  test('are one selection each, over panes that are computed once, buckets apart', () => {
    const set = file(
      '',
      'window: 30s',
      'window: 5m, every: 30s',
      'window: 10m, every: 30s',
      'window: 5m, every: 30s, context: [p99_latency]',
      'window: { session: 2m }',
      'window: { session: 2m, max: 30m, every: 10s }, grace: 5s',
    );
    expect(lengths(set)).toEqual([
      '30000 0',
      '300000/30000 0',
      '300000/30000 0 buckets',
      '600000/30000 0',
      'session 120000/1800000/10000 5000',
      'session 120000/3600000/30000 0',
    ]);
    expect(set.selections.map(({ text }) => text.split(' ').slice(4).join(' ')).sort()).toEqual([
      '10000 5000',
      '30000 0',
      '30000 0 buckets',
    ]);
  });

  test.each<readonly [name: string, defaults: string, rule: string, lengths: string]>([
    ['as long as every, they are windows as any other', '', 'window: 5m, every: 5m', '300000 0'],
    ['every of the defaults', 'every: 10s', 'window: 1m', '60000/10000 0'],
    ['every over the defaults', 'window: 1m, every: 10s', 'every: 20s', '60000/20000 0'],
    ['both of the defaults', 'window: 1m, every: 10s', '', '60000/10000 0'],
    ['sessions of the defaults', 'window: { session: 1m }', '', 'session 60000/3600000/30000 0'],
    ['a window over sessions of the defaults', 'window: { session: 1m }', 'window: 1m', '60000 0'],
    [
      'sessions over a window of the defaults',
      'window: 1m, every: 20s',
      'window: { session: 1m }',
      'session 60000/3600000/30000 0',
    ],
    ['a window of days', '', 'window: 3d, every: 5m', '259200000/300000 0'],
  ])('%s', (_, defaults, rule, expected) => {
    expect(lengths(file(defaults, rule))).toEqual([expected]);
  });
});

test('recompiling what is no longer valid says what and where', () => {
  expect(() => recompile('sla.yaml', 'version: 2\nslas: []\n')).toThrow(
    'the rules no longer compile: sla.yaml:1:10 version must be 1',
  );
});
