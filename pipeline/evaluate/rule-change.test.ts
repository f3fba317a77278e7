import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { brief, Driver, type Row, rules, T } from './driver.fixture.js';

const slow = 'alert: Slow, when: mean_latency > 1s';
const bad = (start: number, route = '/a'): Row => ({ start, route, requests: 10, latencySum: 20 });
const good = (start: number, route = '/a'): Row => ({ start, route, requests: 10, latencySum: 10 });

/** A stage of one rule that fires (or is pending) since the window that ended at 10 s. */
function active(rule: string): Driver {
  const driver = new Driver(rules(rule));
  driver.push({ w: 10_000, rows: [bad(0)] });
  return driver;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Does it, and does it again with a checkpoint before every step. */
function alike<Result>(run: (between: (driver: Driver) => void) => Result): Result {
  const result = run(() => undefined);
  expect(run((driver) => driver.crash())).toEqual(result);
  return result;
}

describe('a rule that stays the same', () => {
  test.each([
    ['line and revision', slow, ['alert: Abe, when: mean_latency > 9s', slow]],
    ['annotations', slow, [`${slow}, annotations: { summary: x }`]],
    ['labels', slow, [`${slow}, labels: { team: x }`]],
    ['severity', slow, [`${slow}, severity: critical`]],
    ['a default that is written out', slow, [`${slow}, for: 0s, no_data_for: 900s, min_requests: 0`]],
    ['the way a number is written', slow, ['alert: Slow, when: mean_latency > 1000ms']],
    ['the order of by', `${slow}, by: [route, method]`, [`${slow}, by: [method, route]`]],
  ])('keeps its alert where nothing but this differs: %s', (_, before, after) => {
    const next = alike((between) => {
      const driver = active(before);
      between(driver);
      const ended = driver.takeUp(rules(...after)).alerts;
      between(driver);
      const resolved = driver.push({ w: 20_000, rows: [good(10_000)] }).alerts;
      return [...ended, ...resolved].map(brief);
    });
    expect(next).toEqual([[20, 'resolved', 'recovered']]);
  });

  test('speaks by its new texts and from its new place, under the labels and severity it began with', () => {
    const before = `${slow}, for: 10s, labels: { team: old }, annotations: { summary: 'old {{ $labels.team }}' }`;
    const set = rules(
      'alert: Abe, when: mean_latency > 9s',
      `${slow}, for: 10s, severity: critical, labels: { team: new }, annotations: { summary: 'new {{ $labels.team }}' }`,
    );
    const alerts = alike((between) => {
      const driver = active(before);
      between(driver);
      driver.takeUp(set);
      between(driver);
      const specs = [bad(10_000), good(20_000), bad(30_000)].map((row) => ({
        w: row.start + 10_000,
        rows: [row],
      }));
      return specs.flatMap((spec) => {
        between(driver);
        return driver.push(spec).alerts;
      });
    });
    const labels = { alertname: 'Slow', route: '/a', severity: 'warning', team: 'old' };
    const common = { labels, severity: 'warning', annotations: { summary: 'new old' } };
    const rule = { file: 'sla.yaml', line: 5, revision: set.revision };
    expect(alerts).toMatchObject([
      { state: 'firing', startsAt: T + 10_000, ...common, rule },
      { state: 'resolved', startsAt: T + 10_000, ...common, rule },
      {
        state: 'pending',
        startsAt: T + 40_000,
        severity: 'critical',
        labels: { ...labels, severity: 'critical', team: 'new' },
        annotations: { summary: 'new new' },
        rule,
      },
    ]);
    expect(alerts[0]?.fingerprint).toBe(
      digest('{alertname="Slow",route="/a",severity="warning",team="old"}'),
    );
  });

  test('is still ended by silence', () => {
    const rule = `${slow}, no_data_for: 20s`;
    const alerts = alike((between) => {
      const driver = active(rule);
      driver.takeUp(rules(`${rule}, severity: info`));
      between(driver);
      return driver.push({ w: 60_000 }).alerts;
    });
    expect(alerts.map(brief)).toEqual([[40, 'resolved', 'no_data']]);
  });

  test('keeps its held baseline and its past', () => {
    const rule = 'alert: Slow, when: mean_latency > 1.5 * baseline, baseline: { windows: 4, min_windows: 2 }';
    const alerts = alike((between) => {
      const driver = new Driver(rules(rule));
      driver.push({ w: 30_000, rows: [good(0), good(10_000), bad(20_000)] });
      between(driver);
      driver.takeUp(rules(`${rule}, severity: info`));
      between(driver);
      return driver.push({ w: 50_000, rows: [good(30_000), bad(40_000)] }).alerts;
    });
    expect(alerts.map((alert) => [...brief(alert), alert.baseline])).toEqual([
      [40, 'resolved', 'recovered', { value: 1, windows: 2, frozenAt: T + 30_000 }],
      // The window of the alert itself does not count, before and after the change.
      [50, 'firing', null, { value: 1, windows: 3, frozenAt: T + 50_000 }],
    ]);
  });
});

describe('a rule that is gone or changed', () => {
  test.each([
    ['gone', 'alert: Other, when: mean_latency > 9s'],
    ['another limit', 'alert: Slow, when: mean_latency > 1001ms'],
    ['another operator', 'alert: Slow, when: mean_latency >= 1s'],
    ['another measure', 'alert: Slow, when: request_rate > 1/s'],
    ['another factor', 'alert: Slow, when: mean_latency > 1.2 * baseline'],
    ['other groups', `${slow}, by: [method]`],
    ['other series', `${slow}, match: '{route="/a"}'`],
    ['other errors', `${slow}, errors: '{status="500"}'`],
    ['another window', `${slow}, window: 20s`],
    ['another grace', `${slow}, grace: 1s`],
    ['another for', `${slow}, for: 1s`],
    ['another keep_firing_for', `${slow}, keep_firing_for: 1s`],
    ['another no_data_for', `${slow}, no_data_for: 1s`],
    ['other min_requests', `${slow}, min_requests: 1`],
    ['another context', `${slow}, context: [error_ratio]`],
    ['another baseline', `${slow}, baseline: { windows: 9 }`],
    ['another max_age', `${slow}, baseline: { max_age: 2h }`],
    ['another freeze', `${slow}, baseline: { freeze: false }`],
    ['another name', 'alert: Slower, when: mean_latency > 1s'],
  ])('ends its alert: %s', (_, after) => {
    const ended = alike((between) => {
      const driver = active(slow);
      between(driver);
      return driver.takeUp(rules(after)).alerts;
    });
    expect(ended.map((alert) => [alert.alert, ...brief(alert)])).toEqual([
      ['Slow', 10, 'resolved', 'rule_changed'],
    ]);
  });

  const before = rules(
    "alert: Slow, when: mean_latency > 1s, context: [request_rate], labels: { team: old }, annotations: { summary: '{{ $labels.team }} {{ $value }}' }",
  );
  /** Bad at 10 s, too little to be judged at 20 s, no data after; taken up at 35 s. */
  const ended = (): readonly AlertRecord[] =>
    alike((between) => {
      const driver = new Driver(before);
      driver.push({ w: 10_000, rows: [bad(0)] });
      driver.push({ w: 20_000, rows: [{ start: 10_000, requests: 0, latencySum: 0 }] });
      driver.push({ w: 35_000 });
      between(driver);
      return driver.takeUp(rules('alert: Slow, when: mean_latency > 2s, severity: critical')).alerts;
    });

  test('ends it at the watermark, in the window last judged, without numbers, by the old text', () => {
    expect(ended()).toEqual([
      expect.objectContaining({
        id: digest('Slow\n{route="/a"}\n1700000035000\nresolved'),
        fingerprint: digest('{alertname="Slow",route="/a",severity="warning",team="old"}'),
        state: 'resolved',
        severity: 'warning',
        annotations: { summary: 'old no data' },
        measure: 'mean_latency',
        operator: '>',
        value: null,
        threshold: null,
        requests: null,
        windowStart: T,
        windowEnd: T + 10_000,
        startsAt: T + 10_000,
        endsAt: T + 35_000,
        baseline: null,
        context: [],
        reason: 'rule_changed',
        rule: { file: 'sla.yaml', line: 4, revision: before.revision },
      }),
    ]);
  });

  test('becomes inactive, with no endsAt, where it was pending', () => {
    const driver = active(`${slow}, for: 1m`);
    const [alert, ...more] = driver.takeUp(rules(slow)).alerts;
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ state: 'inactive', reason: 'rule_changed', endsAt: null });
    expect(alert?.id).toBe(digest('Slow\n{route="/a"}\n1700000010000\ninactive'));
  });

  test('ends in order of rule name, group text; what is inactive gives no record', () => {
    const set = rules(
      'alert: Zed, when: mean_latency > 1s',
      'alert: Mid, when: mean_latency > 1s, by: [route, method]',
      'alert: Abe, when: mean_latency > 1s',
      'alert: Nil, when: mean_latency > 9s',
    );
    const driver = new Driver(set);
    const id = (alert: string): string => set.rules.find((one) => one.alert === alert)?.selection.id ?? '';
    driver.push({
      w: 10_000,
      rows: [
        { ...bad(0, '/b'), selection: id('Zed') },
        { ...good(0, '/c'), selection: id('Zed') },
        { ...bad(0, '/m'), selection: id('Mid') },
      ],
    });
    const later = ['/a', '/B'].map((route) => ({ ...bad(10_000, route), selection: id('Zed') }));
    driver.push({ w: 20_000, rows: later });
    const { alerts } = driver.takeUp(rules('alert: New, when: mean_latency > 1s'));
    expect(alerts.map(({ alert, labels }) => [alert, labels.route])).toEqual([
      ['Abe', '/B'],
      ['Abe', '/a'],
      ['Abe', '/b'],
      ['Mid', '/m'],
      ['Zed', '/B'],
      ['Zed', '/a'],
      ['Zed', '/b'],
    ]);
  });

  test('ends once: the rule starts inactive', () => {
    const alerts = alike((between) => {
      const driver = active(slow);
      between(driver);
      driver.takeUp(rules('alert: Slow, when: mean_latency > 1500ms'));
      between(driver);
      return driver.push({ w: 30_000, rows: [good(10_000), bad(20_000)] }).alerts;
    });
    expect(alerts.map((alert) => [...brief(alert), (alert.startsAt - T) / 1000])).toEqual([
      [30, 'firing', null, 30],
    ]);
  });

  test('ends at the watermark that was reached, where source partitions were added since', () => {
    const driver = active(slow);
    driver.push({ w: 20_000, sources: 2, rows: [bad(10_000)] });
    const [alert] = driver.takeUp(rules('alert: Other, when: mean_latency > 9s')).alerts;
    expect(alert).toMatchObject({ windowEnd: T + 10_000, endsAt: T + 10_000 });
  });
});
