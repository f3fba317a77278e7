import { describe, expect, test } from 'vitest';
import { createTopology, type Topology, type TopologyOptions } from './testing.js';

const sla = `version: 1
defaults: { by: [route], window: 10s }
slas:
  - { alert: Slow, when: mean_latency > 300ms, for: 10s }
`;
const labels = { route: '/a', status: '200' };

/** A scrape every 5 s: two requests each, that take so many ms. */
function scrape(topology: Topology, latencies: readonly number[], between: () => void = () => {}): void {
  let sum = 0;
  for (const [i, ms] of [0, ...latencies].entries()) {
    sum += (2 * ms) / 1000;
    topology.metric({ labels, timestamp: i * 5000, count: 2 * i, sum });
    topology.watermark('spout', i * 5000);
    between();
  }
}

const slow = [100, 100, 500, 500, 500, 500, 100, 100, 100];
const started = (options: Partial<TopologyOptions> = {}): Topology => {
  const topology = createTopology({ sla, ...options });
  topology.watermark('spout', 0);
  return topology;
};
const states = (topology: Topology): unknown[] =>
  topology.alerts().map(({ alert, state, windowEnd, value }) => [alert, state, windowEnd, value]);

describe('a topology', () => {
  test('takes records and gives windows and alerts, at once', () => {
    const topology = started();
    scrape(topology, slow);
    expect(topology.windows().map(({ end, meanLatency }) => [end, meanLatency])).toEqual([
      [10_000, expect.closeTo(0.1)],
      [20_000, expect.closeTo(0.5)],
      [30_000, expect.closeTo(0.5)],
      [40_000, expect.closeTo(0.1)],
    ]);
    expect(states(topology)).toEqual([
      ['Slow', 'pending', 20_000, expect.closeTo(0.5)],
      ['Slow', 'firing', 30_000, expect.closeTo(0.5)],
      ['Slow', 'resolved', 40_000, expect.closeTo(0.1)],
    ]);
    expect(topology.account()).toMatchObject({ aggregated: 10, late: 0 });
  });

  test.each<Partial<TopologyOptions>>([
    { partitions: 3 },
    { partitions: 3, outputs: 2 },
    { batch: 1 },
    { checkpointEvery: 0 },
    { checkpointEvery: 15_000 },
  ])('gives the same with %j, though it is killed after every scrape', (options) => {
    const straight = started();
    scrape(straight, slow);
    const killed = started(options);
    scrape(killed, slow, () => {
      killed.flush();
      killed.crash();
    });
    expect(killed.windows()).toEqual(straight.windows());
    expect(killed.alerts()).toEqual(straight.alerts());
    expect(killed.warnings()).toEqual([]);
  });

  test('goes on, after a crash, with what was appended and not pushed yet', () => {
    const topology = started();
    scrape(topology, slow, () => topology.crash());
    expect(states(topology)).toHaveLength(3);
  });

  test('keeps what cannot be used, with its reason and place', () => {
    const topology = started({ partitions: 2 });
    topology.raw({ partition: 1, key: 'k', value: Buffer.from('junk') });
    topology.metric({ labels, timestamp: 3_600_000, count: 1, partition: 1 });
    expect(topology.deadLetters()).toMatchObject([
      { reason: 'bad', partition: 1, offset: 1 },
      { reason: 'skewed', partition: 1, offset: 2 },
    ]);
    expect(topology.windows()).toEqual([]);
  });

  test('goes on by other rules: what fires and is gone ends', () => {
    const topology = started();
    scrape(topology, slow.slice(0, 6));
    topology.rules(sla.replace('Slow', 'Slower'));
    topology.crash();
    expect(topology.alerts().map(({ alert, state, reason }) => [alert, state, reason])).toEqual([
      ['Slow', 'pending', null],
      ['Slow', 'firing', null],
      ['Slow', 'resolved', 'rule_changed'],
    ]);
  });

  test('says every mistake of a rule file, and which partition there is not', () => {
    const wrong = sla.replace('mean_latency', 'latency').replace('for:', 'four:');
    expect(() => createTopology({ sla: wrong, file: 'my.yaml' })).toThrow(/my\.yaml:4:\d+.*my\.yaml:4:\d+/);
    expect(() => started().watermark('spout', 0, 1)).toThrow('partition 1 is beyond the 1 in use');
  });
});

test('gauges and buckets are measured too', () => {
  const topology = createTopology({
    sla: `version: 1
defaults: { by: [service], window: 10s }
slas:
  - { alert: Memory, match: memory_bytes, when: max > 100 }
  - { alert: Slow, when: ratio(latency < 300ms) < 99% }
`,
  });
  const service = { service: 'checkout' };
  topology.watermark('spout', 0);
  for (const [i, value] of [90, 101].entries()) {
    const timestamp = (i + 1) * 5000;
    const count = i * 10;
    topology.gauge({ name: 'memory_bytes', labels: service, timestamp, value });
    const buckets = [
      { le: 0.3, count: count / 2 },
      { le: Number.POSITIVE_INFINITY, count },
    ];
    topology.metric({ labels: service, timestamp, count, buckets });
  }
  topology.watermark('spout', 10_000);
  expect(topology.alerts().map(({ alert, state, value }) => [alert, state, value])).toEqual([
    ['Memory', 'firing', 101],
    ['Slow', 'firing', 0.5],
  ]);
});
