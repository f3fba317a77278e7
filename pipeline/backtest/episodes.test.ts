import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { recompile } from '../sla/compile.js';
import { Coverage } from './coverage.js';
import { groupOf } from './episodes.js';
import { Run } from './run.js';

const T = 1_700_000_000_000;
const all = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** One route, scraped every 5 s, whose requests take so long in each window of 10 s. */
function run(when: string, latencies: readonly number[], bounds = all): Run {
  const rules = recompile(
    'sla.yaml',
    `version: 1\nslas:\n  - { alert: A, by: [route], window: 10s, ${when} }\n`,
  );
  const judged = new Run({
    ...{ rules, codec: embeddedCodec(), partitions: 1, bounds },
    limits: { maxSeries: 10, maxGroups: 10 },
    warn: (text) => expect.unreachable(text),
    tell: () => undefined,
  });
  const mark = (timestamp: number): void =>
    judged.push({
      ...{ partition: 0, key: 's' },
      record: { type: 'Watermark', value: { timestamp, source: 's', partitions: 1 } },
    });
  mark(T);
  let [count, sum] = [0, 0];
  for (let n = 0; n <= latencies.length * 2; n++) {
    const timestamp = T + n * 5_000;
    if (n > 0) {
      count += 10;
      sum += 10 * (latencies[Math.ceil(n / 2) - 1] ?? 0);
    }
    const sample = { timestamp, startTimestamp: null, count, sum, buckets: [], type: 'cumulative' as const };
    const name = 'http_request_duration_seconds';
    const value = { ...sample, name, labels: { route: '/a' } };
    judged.push({ partition: 0, key: 'a', record: { type: 'MetricRecord', value } });
    mark(timestamp);
  }
  judged.end();
  return judged;
}

describe('an alert that fired', () => {
  test('has its peak, which may be later than its beginning', () => {
    const { episodes } = run('when: mean_latency > 300ms', [0.1, 0.4, 0.75, 0.5, 0.1]);
    expect(episodes).toEqual([
      expect.objectContaining({
        ...{ alert: 'A', group: { route: '/a' }, from: T + 20_000, until: T + 50_000, threshold: 0.3 },
        ...{ peak: expect.closeTo(0.75, 9), operator: '>', reason: 'recovered' },
      }),
    ]);
  });

  test('of a rule on too little has the least as its peak', () => {
    const { episodes } = run('when: mean_latency < 300ms', [0.5, 0.2, 0.1, 0.2, 0.5]);
    expect(episodes[0]?.peak).toBeCloseTo(0.1, 9);
  });

  test('and was only pending is none', () => {
    expect(run('when: mean_latency > 300ms, for: 1m', [0.1, 0.4, 0.1]).episodes).toEqual([]);
  });

  test('and was over before the bounds is left out; one that fires at their beginning is whole', () => {
    const latencies = [0.1, 0.4, 0.1, 0.8, 0.5, 0.1];
    const from = T + 50_000;
    const { episodes } = run('when: mean_latency > 300ms', latencies, { ...all, from });
    expect(episodes).toEqual([
      expect.objectContaining({ from: T + 40_000, until: T + 60_000, peak: expect.closeTo(0.8, 9) }),
    ]);
  });

  test('fires still where the bounds end before it does', () => {
    const latencies = [0.1, 0.4, 0.5, 0.1];
    const { episodes } = run('when: mean_latency > 300ms', latencies, { ...all, to: T + 30_000 });
    expect(episodes).toEqual([expect.objectContaining({ from: T + 20_000, until: null })]);
  });
});

test("a rule's own label stands before one of the group's", () => {
  const { rules } = recompile(
    'sla.yaml',
    'version: 1\nslas:\n  - { alert: A, by: [route, team], when: mean_latency > 1s, labels: { team: b, x: y } }\n',
  );
  const rule = rules[0];
  if (!rule) throw new Error('there is a rule');
  expect(groupOf(rule, { route: '/a', team: 'a', alertname: 'A' })).toEqual({ route: '/a', team: 'b' });
  expect(groupOf(rule, { route: '' })).toEqual({ team: 'b' });
});

describe('time without data', () => {
  const rules = recompile(
    'sla.yaml',
    'version: 1\nslas:\n  - { alert: A, by: [], window: 1h, every: 1m, when: mean_latency > 1s }\n',
  );
  const selection = rules.judged[0]?.id ?? '';
  const M = 60_000;
  const coverage = (ends: readonly number[], samples = 1): Coverage => {
    const found = new Coverage(rules);
    for (const end of ends)
      found.take({
        ...{ metric: 'm', selection, group: {}, start: (end - 60) * M, end: end * M, requests: 1, errors: 0 },
        ...{ latencySum: 1, requestRate: 1, errorRatio: 0, meanLatency: 1, samples, covered: true },
        ...{ buckets: null, max: null },
      });
    return found;
  };

  test('is between windows, of which hopping ones count with their step', () => {
    const found = coverage([61, 62, 70]);
    expect(found.gaps(all)).toEqual([{ from: 62 * M, to: 69 * M }]);
    expect([found.first, found.last]).toEqual([60 * M, 70 * M]);
  });

  test('is also before the first window and behind the last one', () => {
    expect(coverage([61]).gaps({ from: 50 * M, to: 90 * M })).toEqual([
      { from: 50 * M, to: 60 * M },
      { from: 61 * M, to: 90 * M },
    ]);
  });

  test('shorter than 5 minutes is not told', () => {
    expect(coverage([61, 66]).gaps({ from: 57 * M, to: 70 * M })).toEqual([]);
  });

  test('is all, where no window has a sample', () => {
    const found = coverage([61], 0);
    expect([found.first, found.gaps({ from: 0, to: 90 * M })]).toEqual([null, []]);
  });
});
