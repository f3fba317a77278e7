import { topicSpecs } from '../cli/topics.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { seriesText } from '../pipeline/model/text.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog, LogRecord } from '../platform/log/event-log.js';

export const PARTITIONS = 4;
export const EPOCH = 1_700_000_000_000;
const METRIC = 'http_request_duration_seconds';

/** Rules for the groups that a bounded replay would get wrong: one alternates around its baseline, two flap. */
export const rulesText = `version: 1
defaults: { by: [route], window: 10s }
slas:
  - alert: AboveBaseline
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 6, min_windows: 2 }
    context: [request_rate]
  - alert: Flaps
    match: '{route=~"/flap|/behind"}'
    when: mean_latency > 150ms
    for: 10s
    keep_firing_for: 20s
    no_data_for: 2m
`;

/** Mean latency of each route at a second: one alternates 130 / 100 ms, one flaps, the others are steady. */
function latency(route: string, second: number): number {
  if (route === '/alternates') return Math.floor(second / 10) % 2 === 0 ? 0.13 : 0.1;
  if (route === '/flap' || route === '/behind') return second % 70 < 30 ? 0.2 : 0.1;
  return 0.1;
}

export interface Written {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Event time, s. */
  readonly seconds: number;
  /** How many steady routes there are beside the others. */
  readonly steady: number;
  /** Length of one more label of every series. */
  readonly padding?: number;
  /** Awaited each 20 s of event time, once all until then is in the log. */
  readonly between?: (second: number) => Promise<void>;
}

/** Writes what two sources say; in the middle the second one restarts an hour behind. */
export async function writeMetrics({
  log,
  codec,
  seconds,
  steady,
  padding = 0,
  between,
}: Written): Promise<void> {
  await log.createTopics(topicSpecs(86_400_000));
  const totals = new Map<string, { count: number; sum: number }>();
  let pending: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  const flush = async (): Promise<void> => {
    const full = pending;
    pending = Array.from({ length: PARTITIONS }, () => []);
    await Promise.all(full.map((records, partition) => log.append({ topic: 'metrics', partition, records })));
  };
  const poll = (source: string, routes: readonly string[], second: number): void => {
    const timestamp = EPOCH + second * 1000;
    for (const route of routes) {
      const { count, sum } = totals.get(route) ?? { count: 0, sum: 0 };
      const total = { count: count + 10, sum: sum + 10 * latency(route, second) };
      totals.set(route, total);
      const labels = { route, status: '200', ...(padding > 0 ? { padding: 'x'.repeat(padding) } : {}) };
      const key = seriesText(METRIC, labels);
      const record = {
        timestamp,
        startTimestamp: null,
        ...total,
        buckets: [],
        name: METRIC,
        labels,
        type: 'cumulative' as const,
      };
      const value = codec.encode('MetricRecord', record);
      pending[partitionOf(key, PARTITIONS)]?.push({ key: Buffer.from(key), value });
    }
    const mark = codec.encode('Watermark', { timestamp, source, partitions: PARTITIONS });
    for (const records of pending) records.push({ key: Buffer.from(source), value: mark });
  };
  const first = ['/alternates', '/flap', ...Array.from({ length: steady }, (_, i) => `/steady/${i}`)];
  const stopped = Math.floor((seconds * 2) / 3);
  for (let second = 0; second < seconds; second++) {
    poll('first', first, second);
    // It stops at two thirds, and comes back an hour behind, at four times the pace, until it has caught up.
    if (second < stopped - 200) poll('second', ['/behind'], second);
    for (let i = 0; second >= stopped && i < 4; i++) {
      const at = stopped - 3600 + (second - stopped) * 4 + i;
      if (at <= second) poll('second', ['/behind'], at);
      else if (i === 3) poll('second', ['/behind'], second);
    }
    if (second % 20 !== 19) continue;
    await flush();
    await between?.(second + 1);
  }
  await flush();
}

/** Ends it: a promise far ahead closes every window. */
export async function endMetrics({
  log,
  codec,
  seconds,
}: Pick<Written, 'log' | 'codec' | 'seconds'>): Promise<void> {
  for (const source of ['first', 'second']) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const timestamp = EPOCH + seconds * 1000 + 600_000;
      const value = codec.encode('Watermark', { timestamp, source, partitions: PARTITIONS });
      await log.append({ topic: 'metrics', partition, records: [{ key: Buffer.from(source), value }] });
    }
  }
}
