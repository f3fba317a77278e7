import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Driver, rules, T } from '../pipeline/evaluate/driver.fixture.js';
import type { Evaluate } from '../pipeline/evaluate/evaluate.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { WindowMetrics } from './window-metrics.js';

/** A stage under these rules, and what the page says of it. */
class Page {
  readonly live = new Map<number, Evaluate>();
  member = true;
  readonly driver: Driver;
  readonly #registry = new Registry();

  constructor(set: RuleSet, mostGroups?: number) {
    const windows = new WindowMetrics({
      registry: this.#registry,
      rules: set,
      live: this.live,
      member: () => this.member,
      ...(mostGroups === undefined ? {} : { mostGroups }),
    });
    this.driver = new Driver(set, { observe: (partition, found) => windows.observe(partition, found) });
    this.live.set(0, this.driver.stage);
  }

  /** Samples by name without its beginning, sorted: those with `part` in it, else all of windows. */
  async lines(part = ''): Promise<string[]> {
    const lines = (await this.#registry.metrics()).split('\n').filter((line) => /^[^#]/.test(line));
    return lines
      .map((line) => line.replace('tidemark_window_', ''))
      .filter((line) => (part === '' ? !/^(groups_left_out|not_judged)/.test(line) : line.includes(part)))
      .sort();
  }
}

const slow = 'alert: Slow, when: mean_latency > 150ms';

test('a window is shown with what it was compared with, by rule and group, and the next one takes its place', async () => {
  const page = new Page(
    rules(
      'alert: Above, when: mean_latency > 1.5 * baseline, baseline: { windows: 2, min_windows: 1 }, context: [request_rate]',
    ),
  );
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 100, latencySum: 10 }] });
  const of = '{rule="Above",route="/a"}';
  const state = (name: string): string => `alert_state{state="${name}",rule="Above",route="/a"}`;
  const inactive = [`${state('firing')} 0`, `${state('pending')} 0`];
  expect(await page.lines()).toEqual([
    ...inactive,
    `end_timestamp_seconds${of} ${T / 1000 + 10}`,
    `error_ratio${of} 0`,
    `mean_latency_seconds${of} 0.1`,
    `requests_per_second${of} 10`,
    `requests${of} 100`,
  ]);
  page.driver.push({ w: 20_000, rows: [{ start: 10_000, requests: 50, latencySum: 25, errors: 5 }] });
  expect(await page.lines()).toEqual([
    `${state('firing')} 1`,
    `${state('pending')} 0`,
    `baseline_mean_latency_seconds${of} 0.1`,
    `baseline_requests_per_second${of} 10`,
    `end_timestamp_seconds${of} ${T / 1000 + 20}`,
    `error_ratio${of} 0.1`,
    `mean_latency_seconds${of} 0.5`,
    `requests_per_second${of} 5`,
    `requests${of} 50`,
    `threshold_mean_latency_seconds${of} ${1.5 * 0.1}`,
  ]);
});

test('fixed thresholds are shown under the name of their unit, and no baseline that nobody asked for', async () => {
  const page = new Page(
    rules(slow, 'alert: Busy, when: request_rate > 5/s', 'alert: Fails, when: error_ratio > 5%'),
  );
  for (const k of [0, 1, 2, 3, 4, 5, 6])
    page.driver.push({ w: (k + 1) * 10_000, rows: [{ start: k * 10_000, requests: 10 }] });
  expect(await page.lines('threshold')).toEqual([
    'threshold_error_ratio{rule="Fails",route="/a"} 0.05',
    'threshold_mean_latency_seconds{rule="Slow",route="/a"} 0.15',
    'threshold_requests_per_second{rule="Busy",route="/a"} 5',
  ]);
  expect(await page.lines('baseline_')).toEqual([]);
});

test('without requests there is a rate, and neither latency nor ratio', async () => {
  const page = new Page(rules(slow));
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 0, latencySum: 0 }] });
  expect(await page.lines('requests_per_second')).toEqual(['requests_per_second{rule="Slow",route="/a"} 0']);
  expect([...(await page.lines('mean_latency_seconds{')), ...(await page.lines('error_ratio{'))]).toEqual([
    'threshold_mean_latency_seconds{rule="Slow",route="/a"} 0.15',
  ]);
});

test('values are escaped, and labels that have a meaning here or for Prometheus are exported ones', async () => {
  const group = { rule: 'r', exported_rule: 'e', state: 's', job: 'j', instance: 'i', path: 'a"b\\c\nd' };
  const page = new Page(rules(`${slow}, by: [${Object.keys(group)}]`));
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 1, group }] });
  const [line = ''] = await page.lines('alert_state{state="firing"');
  const labels = [...line.matchAll(/(\w+)="((?:\\.|[^"])*)"/g)].map(([, name, value]) => [name, value]);
  expect(Object.fromEntries(labels)).toEqual({
    ...{
      state: 'firing',
      exported_state: 's',
      rule: 'Slow',
      exported_exported_rule: 'r',
      exported_rule: 'e',
    },
    ...{ exported_job: 'j', exported_instance: 'i', path: 'a\\"b\\\\c\\nd' },
  });
  expect(labels).toHaveLength(8);
});

test('a group without data leaves, but for the state of its alert as long as there is one', async () => {
  const page = new Page(rules(`${slow}, no_data_for: 10s`));
  const a = { requests: 10, latencySum: 10 };
  page.driver.push({
    w: 10_000,
    rows: [
      { start: 0, ...a },
      { start: 0, requests: 10, latencySum: 1, route: '/b' },
    ],
  });
  expect(await page.lines('requests{')).toHaveLength(2);
  page.driver.push({ w: 20_000, rows: [{ start: 10_000, requests: 10, latencySum: 1, route: '/c' }] });
  expect(await page.lines('requests{')).toEqual(['requests{rule="Slow",route="/c"} 10']);
  expect(await page.lines('"firing"')).toEqual([
    'alert_state{state="firing",rule="Slow",route="/a"} 1',
    'alert_state{state="firing",rule="Slow",route="/c"} 0',
  ]);
  page.driver.push({ w: 30_000, rows: [{ start: 20_000, requests: 10, latencySum: 1, route: '/c' }] });
  expect(await page.lines('"firing"')).toEqual(['alert_state{state="firing",rule="Slow",route="/c"} 0']);
});

test('where a whole selection falls silent, nothing of it stays', async () => {
  const page = new Page(rules(slow));
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 1, latencySum: 0 }] });
  page.driver.push({ w: 19_999 });
  expect(await page.lines('requests{')).toHaveLength(1);
  page.driver.push({ w: 20_000 });
  expect(await page.lines()).toEqual([]);
});

test('there is room for so many groups over all rules, active ones first; what is left out is counted', async () => {
  const page = new Page(rules(slow, 'alert: Slower, when: mean_latency > 1s'), 3);
  const row = (route: string, latencySum: number) => ({ start: 0, requests: 10, latencySum, route });
  page.driver.push({ w: 10_000, rows: [row('/a', 1), row('/b', 5)] });
  expect(await page.lines('end_timestamp')).toHaveLength(3);
  expect(
    await page.lines('rule="Slower"').then((lines) => lines.filter((line) => /^requests{/.test(line))),
  ).toHaveLength(1);
  expect(await page.lines('left_out')).toEqual([
    'groups_left_out_total{rule="Slow"} 0',
    'groups_left_out_total{rule="Slower"} 1',
  ]);
  const next = { start: 10_000, requests: 10 };
  page.driver.push({
    w: 20_000,
    rows: ['/a', '/b', '/c', '/d'].map((route) => ({ ...next, route, latencySum: route === '/d' ? 5 : 1 })),
  });
  // The other rule has kept its place until now.
  expect(await page.lines('state="firing",rule="Slow"')).toEqual([
    'alert_state{state="firing",rule="Slow",route="/a"} 0',
    'alert_state{state="firing",rule="Slow",route="/d"} 1',
  ]);
});

test('nothing is shown of a partition that is only recovering, that is gone, or may be another’s', async () => {
  const page = new Page(rules(slow));
  const { live, driver } = page;
  live.clear();
  driver.push({ w: 10_000, rows: [{ start: 0, requests: 1 }] });
  live.set(0, driver.stage);
  expect(await page.lines()).toEqual([]);
  driver.push({ w: 20_000, rows: [{ start: 10_000, requests: 1 }] });
  expect(await page.lines('requests{')).toHaveLength(1);
  page.member = false;
  expect(await page.lines()).toEqual([]);
  page.member = true;
  driver.crash();
  live.set(0, driver.stage);
  expect(await page.lines()).toEqual([]);
  driver.push({ w: 30_000, rows: [{ start: 20_000, requests: 1 }] });
  expect(await page.lines('requests{')).toHaveLength(1);
  live.delete(0);
  expect(await page.lines()).toEqual([]);
});

test('what a rule does not judge is counted by the reason, and a ratio is shown under the name of its bound', async () => {
  const page = new Page(
    rules(
      'alert: Fast, when: ratio(latency < 1.5s) < 99%, min_requests: 3',
      'alert: Usual, when: mean_latency > baseline',
    ),
  );
  const [fast, usual] = page.driver.stage.rules.rules.map(({ selection: { id } }) => ({ selection: id }));
  const inf = Number.POSITIVE_INFINITY;
  const buckets = (le: number) => [
    { le, count: 4 },
    { le: inf, count: 5 },
  ];
  const slot = (start: number, requests: number, le: number) => [
    { start, requests, ...usual },
    { start, requests, buckets: buckets(le), ...fast },
  ];
  page.driver.push({ w: 10_000, rows: slot(0, 5, 1) }, { w: 20_000, rows: slot(10_000, 2, 1.5) });
  page.driver.push({ w: 30_000, rows: slot(20_000, 5, 1.5) });
  page.driver.push({ w: 40_000, rows: slot(30_000, 0, 1.5).map((row) => ({ ...row, covered: false })) });
  page.driver.push({ w: 50_000, rows: [{ start: 40_000, requests: 0, ...usual }] });
  const counted = (await page.lines('not_judged')).filter((line) => !line.endsWith(' 0'));
  expect(counted).toEqual([
    'not_judged_total{rule="Fast",reason="buckets"} 1',
    'not_judged_total{rule="Fast",reason="min_requests"} 1',
    'not_judged_total{rule="Fast",reason="not_covered"} 1',
    'not_judged_total{rule="Usual",reason="baseline"} 3',
    'not_judged_total{rule="Usual",reason="no_requests"} 1',
    'not_judged_total{rule="Usual",reason="not_covered"} 1',
  ]);
  page.driver.push({ w: 60_000, rows: slot(50_000, 5, 1.5) });
  expect(await page.lines('ratio_below')).toEqual([
    'ratio_below_1_5s{rule="Fast",route="/a"} 0.8',
    'threshold_ratio_below_1_5s{rule="Fast",route="/a"} 0.99',
  ]);
});

test('of a size there is what the rule names: its sum is no latency', async () => {
  const page = new Page(
    rules('alert: Wide, match: http_response_size_bytes, when: throughput > 1MB/s, context: [request_rate]'),
  );
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 10, latencySum: 20_000_000 }] });
  expect((await page.lines()).filter((line) => !line.startsWith('alert_state'))).toEqual([
    `end_timestamp_seconds{rule="Wide",route="/a"} ${T / 1000 + 10}`,
    'requests_per_second{rule="Wide",route="/a"} 1',
    'threshold_throughput_bytes_per_second{rule="Wide",route="/a"} 1000000',
    'throughput_bytes_per_second{rule="Wide",route="/a"} 2000000',
  ]);
});

test('a hopping window is shown until the next one has ended, its rates by its own length', async () => {
  const page = new Page(rules('alert: Rolling, window: 40s, every: 10s, when: mean_latency > 9s'));
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 80 }] });
  expect(await page.lines('requests_per_second{')).toEqual([
    'requests_per_second{rule="Rolling",route="/a"} 2',
  ]);
  page.driver.push({ w: 40_000 });
  expect(await page.lines('requests_per_second{')).toEqual([
    'requests_per_second{rule="Rolling",route="/a"} 2',
  ]);
  page.driver.push({ w: 50_000 });
  expect(await page.lines('requests_per_second{')).toEqual([]);
});

test('a session is shown when it is over, and the alert for as long as it lasts, in the next one too', async () => {
  const set = rules('alert: Visit, window: { session: 20s, max: 1m, every: 10s }, when: mean_latency > 1s');
  const page = new Page(set);
  const rows = (start: number) => [{ start, requests: 20, latencySum: 40 }];
  page.driver.push({ w: 10_000, rows: rows(0) });
  expect(await page.lines()).toEqual([]);
  page.driver.push({ w: 30_000 });
  const firing = 'alert_state{state="firing",rule="Visit",route="/a"} 1';
  expect(await page.lines('rule="Visit"')).toEqual(
    expect.arrayContaining([firing, 'requests_per_second{rule="Visit",route="/a"} 2']),
  );
  page.driver.push({ w: 40_000, rows: rows(30_000) });
  expect(await page.lines('firing')).toEqual([firing]);
  expect(await page.lines('requests_per_second{')).toEqual([]);
});

test('rules that a stage takes up show what they measure, and one that stays the same what it found before', async () => {
  const page = new Page(rules(slow, 'alert: Gone, when: mean_latency > 150ms'));
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 10, latencySum: 1 }] });
  expect(await page.lines('mean_latency_seconds{rule="Gone"')).not.toEqual([]);
  page.driver.stage.takeUp(
    rules(`${slow}, severity: critical`, 'alert: Pages, match: x_bytes, when: throughput > 1kB/s'),
  );
  expect((await page.lines()).filter((line) => /^mean_latency_seconds/.test(line))).toEqual([
    'mean_latency_seconds{rule="Slow",route="/a"} 0.1',
  ]);
  const selection = page.driver.stage.rules.rules.find(({ alert }) => alert === 'Pages')?.selection.id ?? '';
  page.driver.push({ w: 20_000, rows: [] });
  page.driver.push({ w: 30_000, rows: [{ start: 20_000, requests: 10, latencySum: 5000, selection }] });
  expect(await page.lines('throughput_bytes_per_second')).toEqual([
    'threshold_throughput_bytes_per_second{rule="Pages",route="/a"} 1000',
    'throughput_bytes_per_second{rule="Pages",route="/a"} 500',
  ]);
  expect(await page.lines('not_judged_total{rule="Pages",reason="baseline"')).toHaveLength(1);
});

test('of an objective it is shown how fast the long window of the rate that decides burns', async () => {
  const page = new Page(
    rules(
      'alert: Burn, objective: 50%, burn_rate: [{ long: 1m, short: 20s, factor: 1.5 }, { long: 40s, short: 20s, factor: 0.5 }]',
    ),
  );
  page.driver.push({ w: 10_000, rows: [{ start: 0, requests: 64, errors: 56 }] });
  const of = '{rule="Burn/warning",route="/a"}';
  expect(await page.lines('burn_rate')).toEqual([`burn_rate${of} 1.75`, `threshold_burn_rate${of} 1.5`]);
  page.driver.push({ w: 20_000, rows: [{ start: 10_000, requests: 64, errors: 8 }] });
  expect(await page.lines('burn_rate')).toEqual([`burn_rate${of} 1`, `threshold_burn_rate${of} 0.5`]);
});
