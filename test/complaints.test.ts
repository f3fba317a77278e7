import { describe, expect, test } from 'vitest';
import { createTopology, type Topology, type TopologyOptions } from '../cli/testing.js';

/**
 * What users of other engines complain of, one test each. Those that take servers or processes to show:
 * "alert delay is bounded by a checkpoint interval" in recovery.test.ts, "slow failure detection" and
 * "rebalances lose windows" in takeover.integration.test.ts, "Redis may lose acknowledged writes" in
 * cluster.integration.test.ts.
 */
const sla = `version: 1
defaults: { by: [route], window: 10s }
slas:
  - { alert: Slow, when: mean_latency > 300ms }
`;
const start = (options: Partial<TopologyOptions> = {}): Topology => {
  const topology = createTopology({ sla, ...options });
  topology.watermark('spout', 0);
  return topology;
};

/** A sample of a route at a second, and how much it counts by then; each request takes 0.1 s. */
const sample = (topology: Topology, second: number, count: number, more: object = {}): void =>
  topology.metric({
    labels: { route: '/a' },
    timestamp: second * 1000,
    count,
    sum: count / 10,
    ...more,
  });
const mark = (topology: Topology, second: number): void => topology.watermark('spout', second * 1000);
const requests = (topology: Topology): unknown[] =>
  topology.windows().map(({ end, requests }) => [end / 1000, requests]);

describe('windows', () => {
  test('the last window never closes until newer data arrives: here a watermark closes it, and no data has to come', () => {
    const topology = start();
    sample(topology, 0, 0);
    sample(topology, 10, 5);
    expect(requests(topology)).toEqual([]);
    mark(topology, 10);
    expect(requests(topology)).toEqual([[10, 5]]);
  });

  test('idle partitions stall everything: here one without a single record but watermarks holds nothing up', () => {
    const topology = start({ partitions: 4, outputs: 4 });
    sample(topology, 0, 0);
    sample(topology, 10, 5);
    mark(topology, 10);
    expect(requests(topology)).toEqual([[10, 5]]);
  });

  test('idle timeouts on the wall clock cause wrong closes: here a window waits for as long as it takes', () => {
    const topology = start({ partitions: 2 });
    sample(topology, 0, 0, { partition: 1 });
    topology.watermark('spout', 3_600_000, 0);
    expect(requests(topology)).toEqual([]);
    sample(topology, 10, 5, { partition: 1 });
    topology.watermark('spout', 10_000, 1);
    expect(requests(topology)).toEqual([[10, 5]]);
    expect(topology.account()).toMatchObject({ late: 0 });
  });

  test('one future-dated record throws away all honest data: here it is a dead letter, and time goes by watermarks', () => {
    const topology = start();
    sample(topology, 0, 0);
    sample(topology, 86_400, 1000);
    sample(topology, 10, 5);
    mark(topology, 10);
    expect(requests(topology)).toEqual([[10, 5]]);
    expect(topology.account()).toMatchObject({ skewed: 1, late: 0, aggregated: 2 });
  });

  test('late data is dropped unseen: here it is counted, and kept with reason, place and windows', () => {
    const topology = start();
    sample(topology, 0, 0);
    mark(topology, 10);
    sample(topology, 20, 10);
    mark(topology, 20);
    expect(requests(topology)).toEqual([[20, 5]]);
    expect(topology.account()).toMatchObject({ late: 1 });
    const [letter] = topology.deadLetters();
    expect(letter).toMatchObject({ reason: 'late', topic: 'metrics', partition: 0, offset: 3, records: 1 });
    expect(letter?.windows.map((window) => window.start)).toEqual([0]);
    expect(Buffer.from(letter?.key ?? []).toString()).toBe('http_request_duration_seconds{route="/a"}');
  });
});

describe('counters', () => {
  test('a delayed sample spikes the increase: here it is spread over the time in which it grew', () => {
    const topology = start();
    sample(topology, 0, 0);
    sample(topology, 40, 40);
    mark(topology, 40);
    expect(requests(topology)).toEqual([
      [10, 10],
      [20, 10],
      [30, 10],
      [40, 10],
    ]);
  });

  test('an older sample is read as a reset: here it lies in what was counted already', () => {
    const topology = start();
    sample(topology, 0, 1000);
    sample(topology, 8, 1005);
    sample(topology, 4, 1002);
    sample(topology, 10, 1006);
    mark(topology, 10);
    expect(requests(topology)).toEqual([[10, 6]]);
    expect(topology.account()).toMatchObject({ superseded: 1 });
  });

  test('the first sample after a restart is counted as traffic: here it says nothing unless it says since when', () => {
    const topology = start();
    sample(topology, 10, 1000);
    sample(topology, 10, 3, { labels: { route: '/born' }, startTimestamp: 5000 });
    topology.crash();
    mark(topology, 10);
    topology.crash();
    sample(topology, 20, 1004);
    mark(topology, 20);
    const told = topology.windows().map((one) => [one.group.route, one.end, one.requests, one.covered]);
    expect(told).toEqual([
      ['/a', 10_000, 0, false],
      ['/born', 10_000, 3, true],
      ['/a', 20_000, 4, true],
    ]);
  });

  test('a restart zeroes totals: here what the counter of a new process says is added, and ours are kept', () => {
    const topology = start({ checkpointEvery: 0 });
    sample(topology, 0, 1000);
    sample(topology, 4, 1007);
    topology.flush();
    topology.crash();
    sample(topology, 8, 2);
    mark(topology, 10);
    expect(requests(topology)).toEqual([[10, 9]]);
  });

  test('pairs diverge: here two that read the same log agree to the last bit, and what two send counts once', () => {
    const [one, other] = [start({ batch: 1 }), start({ batch: 7, checkpointEvery: 0 })] as const;
    for (let second = 0; second <= 600; second += 3) {
      for (const topology of [one, other]) {
        sample(topology, second, second / 7);
        sample(topology, second, second / 7);
        mark(topology, second);
      }
      other.flush();
      if (second % 5 === 0) other.crash();
    }
    expect(other.windows()).toEqual(one.windows());
    expect(one.windows()).toHaveLength(60);
    expect(one.account()).toMatchObject({ duplicate: 201 });
    expect(one.windows().reduce((sum, window) => sum + window.requests, 0)).toBeCloseTo(600 / 7, 9);
  });
});

describe('running it', () => {
  test('a micro-batch delays alerts: here an alert comes with the record that decides it', () => {
    const topology = start({ checkpointEvery: 3_600_000 });
    for (let second = 0; second <= 20; second += 5) {
      sample(topology, second, second, { sum: second / 2 });
      mark(topology, second);
      expect(topology.alerts()).toHaveLength(second < 10 ? 0 : 1);
    }
  });

  test('a restart loses open windows: here they go on where they were', () => {
    const topology = start();
    for (let second = 0; second <= 60; second += 3) {
      sample(topology, second, second);
      topology.flush();
      topology.crash();
      mark(topology, second);
      topology.flush();
      topology.crash();
    }
    expect(topology.windows().map((one) => one.requests)).toEqual(Array(6).fill(expect.closeTo(10, 9)));
    expect(topology.warnings()).toEqual([]);
  });

  test('unbounded keys end in OOM: here there is a cap, and what is beyond it is counted', () => {
    const topology = start({ maxSeries: 100 });
    for (const second of [0, 10]) {
      for (let n = 0; n < 500; n++) sample(topology, second, second, { labels: { route: `/${n}` } });
    }
    mark(topology, 10);
    expect(topology.windows()).toHaveLength(100);
    expect(topology.account()).toMatchObject({ aggregated: 200, overflow: 800 });
  });
});
