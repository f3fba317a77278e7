import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import type { RuleSet } from '../model/rule.js';
import { Driver, outputsOf, rules, type Spec, T } from './driver.fixture.js';

/** Panes of 10 s, over after 20 s without requests, or after a minute. */
const visit = (more: string): RuleSet =>
  rules(`alert: Visit, window: { session: 20s, max: 1m, every: 10s }, ${more}`);
const plain = visit('when: mean_latency > 1000s');

/** Requests of a pane, and their latency in s; null for no data. */
type Pane = number | readonly [requests: number, latencySum: number] | null;
const panes = (all: readonly Pane[], route = '/a'): Spec[] =>
  all.map((pane, i) => {
    const [requests, latencySum] = typeof pane === 'number' ? [pane, pane] : (pane ?? []);
    const start = i * 10_000;
    const row = { route, start, requests: requests ?? 0, latencySum: latencySum ?? 0 };
    return { w: start + 10_000, rows: pane === null ? [] : [row] };
  });

const seconds = (at: number | null): number | null => (at === null ? null : (at - T) / 1000);
const bounds = ({ start, end, requests }: WindowRecord): unknown[] => [
  seconds(start),
  seconds(end),
  requests,
];

describe('a session', () => {
  test.each<readonly [name: string, panes: readonly Pane[], sessions: readonly unknown[][]]>([
    ['is a run of panes with requests', [1, 2, 4, null, null], [[0, 30, 7]]],
    ['goes on over less than the gap', [1, null, 2, 0, 4, null, 0], [[0, 50, 7]]],
    [
      'is over after the gap, with data or without',
      [1, 0, 0, 2, null, null, 4, 0, null],
      [
        [0, 10, 1],
        [30, 40, 2],
        [60, 70, 4],
      ],
    ],
    ['is not over before the gap', [1, 1, null], []],
    [
      'is over a minute after its start, and what follows is another',
      [1, 1, 1, 1, 1, 1, 2, 2, null, null],
      [
        [0, 60, 6],
        [60, 80, 4],
      ],
    ],
    [
      'is over a minute after its start, though the gap is not',
      [1, 1, 1, null, 1, null, 2, null, null],
      [
        [0, 50, 4],
        [60, 70, 2],
      ],
    ],
    ['needs requests', [0, 0, null, null], []],
  ])('%s', (_, all, sessions) => {
    expect(outputsOf(plain, panes(all)).windows.map(bounds)).toEqual(sessions);
  });

  test('has the sums of its panes with requests, and rates by its length', () => {
    const specs = panes([[1, 0.1], 0, [1, 0.2], [1, 0.3], null, null]);
    const { windows } = outputsOf(plain, specs);
    expect(windows).toEqual([
      {
        metric: 'http_request_duration_seconds',
        selection: createHash('sha256')
          .update(
            'http_request_duration_seconds{} errors{status=~"5.."} by (route) session 20000/60000/10000 0',
          )
          .digest('hex')
          .slice(0, 16),
        group: { route: '/a' },
        start: T,
        end: T + 40_000,
        requests: 3,
        latencySum: 0.6000000000000001,
        errors: 0,
        requestRate: 3 / 40,
        errorRatio: 0,
        meanLatency: 0.6000000000000001 / 3,
        samples: 3,
        covered: true,
        buckets: null,
        max: null,
      },
    ]);
  });

  test('belongs to a group, and comes in the order in which they were over', () => {
    const specs = panes([1, 1, null, null, null]).map((spec, i) => ({
      ...spec,
      rows: [...(spec.rows ?? []), ...(panes([2, null, 2, null, null], '/b')[i]?.rows ?? [])],
    }));
    const { windows } = outputsOf(plain, [...specs, { w: 100_000 }]);
    expect(windows.map((one) => [one.group.route, ...bounds(one)])).toEqual([
      ['/a', 0, 20, 2],
      ['/b', 0, 30, 4],
    ]);
  });

  test('ends without a record where a pane is not whole', () => {
    const id = plain.selections[0]?.id ?? '';
    const specs = panes([1, 1, 2, 2, null, null]).map((spec, i) => {
      return { ...spec, selections: { [id]: i < 1 ? T - 10_000 : T + 20_000 } };
    });
    expect(outputsOf(plain, specs).windows.map(bounds)).toEqual([[20, 40, 4]]);
  });

  test('of a new rule begins with the panes that close from then on', () => {
    const results = [false, true].map((crash) => {
      const driver = new Driver(rules('alert: A, when: mean_latency > 1000s'));
      const specs = panes([1, 1, 1, 1, null, null]);
      driver.push(...specs.slice(0, 2));
      driver.takeUp(plain);
      if (crash) driver.crash();
      return driver.push(...specs.slice(2)).windows.map(bounds);
    });
    expect(results).toEqual([[[20, 40, 2]], [[20, 40, 2]]]);
  });

  test('that is open goes on where another rule of its selection takes over', () => {
    const results = [false, true].map((crash) => {
      const driver = new Driver(plain);
      const specs = panes([1, 1, 1, null, null]);
      driver.push(...specs.slice(0, 2));
      if (crash) driver.crash();
      driver.takeUp(visit('when: mean_latency >= 1s'));
      if (crash) driver.crash();
      const { windows, alerts } = driver.push(...specs.slice(2));
      return [...windows.map(bounds), ...alerts.map(({ state }) => state)];
    });
    expect(results).toEqual([
      [[0, 30, 3], 'firing'],
      [[0, 30, 3], 'firing'],
    ]);
  });
});

describe('a rule over sessions', () => {
  /** E in s, state, reason, bounds of the window in s, value. */
  const brief = (one: AlertRecord): unknown[] => [
    one.state,
    one.reason,
    seconds(one.windowStart),
    seconds(one.windowEnd),
    seconds(one.startsAt),
    seconds(one.endsAt),
    one.value,
  ];

  test('is judged once for each, when it is over', () => {
    const { alerts } = outputsOf(visit('when: mean_latency > 1s'), panes([[1, 2], 0, 0, 1, 0, 0]));
    expect(alerts.map(brief)).toEqual([
      ['firing', null, 0, 10, 30, null, 2],
      ['resolved', 'recovered', 30, 40, 30, 60, 1],
    ]);
    const { id } = alerts[0] ?? {};
    const text = `Visit\n{route="/a"}\n${T + 30_000}\nfiring`;
    expect(id).toBe(createHash('sha256').update(text).digest('hex').slice(0, 32));
  });

  test('ends by silence, which an open session is not', () => {
    const set = visit('when: mean_latency > 1s, no_data_for: 20s');
    const { alerts } = outputsOf(set, panes([[1, 2], 0, 0, 1, 1, 1, 1, 0, 0, [1, 2], 0, 0, 0, 0, 0, 0, 0]));
    expect(alerts.map(brief)).toEqual([
      ['firing', null, 0, 10, 30, null, 2],
      // Open from 30 s on, and over at 90 s: judged after 60 s, for it was not silent.
      ['resolved', 'recovered', 30, 70, 30, 90, 1],
      ['firing', null, 90, 100, 120, null, 2],
      ['resolved', 'no_data', 150, 150, 120, 150, null],
    ]);
  });

  const relative = visit(
    'when: mean_latency > 1.5 * baseline, baseline: { windows: 2, min_windows: 2 }, context: [request_rate]',
  );

  test('is compared with the sessions before, by their lengths together', () => {
    const first: Pane[] = [[5, 45], 0, 0, [1, 1], 0, 0, [1, 1], [1, 1], [1, 1], 0, 0];
    const { alerts } = outputsOf(relative, panes([...first, [2, 8], 0, 0]));
    expect(alerts.map(({ baseline, context, value }) => [value, baseline, context[0]])).toEqual([
      [
        4,
        { value: 1, windows: 2, frozenAt: T + 140_000 },
        // 4 requests in 10 s and 30 s.
        { measure: 'request_rate', value: 0.2, baseline: 0.1, ratio: 2, rising: true },
      ],
    ]);
  });

  test('is not compared with sessions after which it was active, and holds what it had', () => {
    const one: Pane[] = [[1, 1], 0, 0];
    const slow: Pane[] = [[1, 2], 0, 0];
    const { alerts } = outputsOf(
      relative,
      panes([...one, ...one, ...slow, ...one, ...slow, ...one, ...slow]),
    );
    expect(alerts.map(({ state, endsAt, baseline }) => [state, seconds(endsAt), baseline])).toEqual([
      ['firing', null, { value: 1, windows: 2, frozenAt: T + 90_000 }],
      ['resolved', 120, { value: 1, windows: 2, frozenAt: T + 90_000 }],
      // Of the two before it, one broke the rule.
    ]);
  });

  test('is not compared with what is too long ago, which is forgotten', () => {
    const long: Pane[] = Array.from({ length: 20 }, () => null);
    const one: Pane[] = [[1, 1], 0, 0];
    expect(outputsOf(relative, panes([...one, ...one, ...long, [1, 9], 0, 0])).alerts).toEqual([]);
    const driver = new Driver(relative);
    const sizes = Array.from({ length: 60 }, (_, i) => {
      const start = i * 30_000;
      driver.push({ w: start + 30_000, rows: [{ route: `/${i % 10}`, start, requests: 1 }] });
      return driver.stateSize;
    });
    expect(Math.max(...sizes.slice(30))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 30)));
  });
});
