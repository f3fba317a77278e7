import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { topicSpecs } from '../cli/topics.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { seriesText } from '../pipeline/model/text.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { LogRecord } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { compare } from './compare.js';
import { temporaryFolder, Up } from './tidemark.js';

const SECONDS = 6000;
const ROUTES = 33;
const PARTITIONS = 4;
const EPOCH = 1_700_000_000_000;
const METRIC = 'http_request_duration_seconds';

const rules = `version: 1
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
const latency = (route: string, second: number): number => {
  if (route === '/alternates') return Math.floor(second / 10) % 2 === 0 ? 0.13 : 0.1;
  if (route === '/flap' || route === '/behind') return second % 70 < 30 ? 0.2 : 0.1;
  return 0.1;
};

/** Writes what two sources say in `seconds` of event time; in the middle the second one restarts an hour behind. */
async function fill(path: string, seconds: number): Promise<void> {
  const environment = openEnvironment({ path, mode: 'write' });
  const log = lmdbLog(environment);
  await log.createTopics(topicSpecs(86_400_000));
  const codec = embeddedCodec();
  const totals = new Map<string, { count: number; sum: number }>();
  let pending: LogRecord[][] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(
      pending.map((records, partition) => log.append({ topic: 'metrics', partition, records })),
    );
    pending = Array.from({ length: PARTITIONS }, () => []);
  };
  const poll = (source: string, routes: readonly string[], second: number): void => {
    const timestamp = EPOCH + second * 1000;
    for (const route of routes) {
      const { count, sum } = totals.get(route) ?? { count: 0, sum: 0 };
      const total = { count: count + 10, sum: sum + 10 * latency(route, second) };
      totals.set(route, total);
      // Long, so that a pull takes in a few minutes of event time, not all of it.
      const labels = { route, status: '200', padding: 'x'.repeat(250) };
      const key = seriesText(METRIC, labels);
      const record = { timestamp, startTimestamp: null, ...total, buckets: [], name: METRIC, labels };
      pending[partitionOf(key, PARTITIONS)]?.push({
        key: Buffer.from(key),
        value: codec.encode('MetricRecord', record),
      });
    }
    const mark = codec.encode('Watermark', { timestamp, source, partitions: PARTITIONS });
    for (const records of pending) records.push({ key: null, value: mark });
  };
  await flush();
  const steady = Array.from({ length: 30 }, (_, i) => `/steady/${i}`);
  for (let second = 0; second < seconds; second++) {
    poll('first', ['/alternates', '/flap', ...steady], second);
    // It stops at two thirds, and comes back an hour behind, at four times the pace, until it has caught up.
    const stopped = Math.floor((seconds * 2) / 3);
    if (second < stopped - 200) poll('second', ['/behind'], second);
    for (let i = 0; second >= stopped && i < 4; i++) {
      const at = stopped - 3600 + (second - stopped) * 4 + i;
      if (at <= second) poll('second', ['/behind'], at);
      else if (i === 3) poll('second', ['/behind'], second);
    }
    if (second % 20 === 19) await flush();
  }
  await flush();
  await log.close();
  await environment.close();
}

describe('a backlog that is worked off across crashes', () => {
  test('gives the windows and alerts of a backtest, with a source that restarted an hour behind', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rules);
    await fill(folder.path, SECONDS);
    const args = ['--no-platform', '--sla', sla, '--data', folder.path, '--scrape-interval', '1s'];
    const environment = openEnvironment({ path: folder.path, mode: 'read' });
    const log = lmdbLog(environment);
    const written = async (): Promise<number> => {
      const ranges = Array.from({ length: PARTITIONS }, (_, partition) => log.range('windows', partition));
      return (await Promise.all(ranges)).reduce((sum, { end }) => sum + end, 0);
    };
    // Each kill strikes once more has been written; most of the work is left for after the last one.
    let crashes = 0;
    while (crashes < 6 && (await written()) < ROUTES * (SECONDS / 10) * 0.5) {
      await using up = Up.spawn(...args);
      const before = await written();
      await expect.poll(written, { timeout: 30_000, interval: 1 }).toBeGreaterThan(before);
      await up.end('SIGKILL');
      crashes++;
    }
    expect(crashes).toBeGreaterThan(1);
    const half = await written();
    await log.close();
    await environment.close();
    await using last = await Up.start(...args);
    const behind = async (): Promise<number> => {
      const text = await (await fetch(`${last.url}/metrics`)).text();
      const marks = [...text.matchAll(/tidemark_watermark_timestamp_seconds\{stage="evaluate".*\} (\S+)/g)];
      return marks.filter(([, seconds]) => Number(seconds) > EPOCH / 1000 + 1e6).length;
    };
    await expect.poll(behind, { timeout: 60_000 }).toBe(PARTITIONS);
    expect(await last.end('SIGTERM')).toBe(0);
    const { live, again, alerts, account } = await compare(folder.path, sla);
    expect(alerts).toBeGreaterThan(300);
    expect(again).toEqual(live);
    expect(account).toMatch(/\d+ late/);
    // The last crash, too, struck in the middle of the work.
    expect(half).toBeLessThan(live.flat().length - alerts);
  });
});
