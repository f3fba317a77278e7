import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { runPipeline } from '../cli/pipeline.js';
import { topicSpecs } from '../cli/topics.js';
import { seriesText } from '../pipeline/model/text.js';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { Commit, EventLog, LogRecord, OwnedPartition } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const rules = recompile(
  'sla.yaml',
  'version: 1\nslas:\n  - { alert: Slow, by: [route], window: 10s, when: mean_latency > 1.2 * baseline }\n',
);
const EPOCH = 1_700_000_000_000;
const FRAME = 5;

/** One poll of one series, and the watermark to every partition. */
async function poll(log: EventLog, n: number): Promise<void> {
  const name = 'http_request_duration_seconds';
  const labels = { route: '/a' };
  const timestamp = EPOCH + n * 5000;
  const sample = {
    timestamp,
    startTimestamp: null,
    count: n * 10,
    sum: n + (n % 4),
    buckets: [],
    type: 'cumulative' as const,
    name,
    labels,
  };
  const mark: LogRecord = {
    key: null,
    value: codec.encode('Watermark', { timestamp, source: 'spout', partitions: 4 }),
  };
  const metric: LogRecord = {
    key: Buffer.from(seriesText(name, labels)),
    value: codec.encode('MetricRecord', sample),
  };
  for (let partition = 0; partition < 4; partition++) {
    await log.append({ topic: 'metrics', partition, records: partition === 1 ? [metric, mark] : [mark] });
  }
}

async function payloads(log: EventLog, topic: string, skip = FRAME): Promise<string[]> {
  const all: string[] = [];
  for (let partition = 0; partition < 4; partition++) {
    const reader = log.read(topic, partition, 0);
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
      while (batch.advance()) all.push(batch.bytes.toString('hex', batch.valueStart + skip, batch.valueEnd));
    }
  }
  return all;
}

const POLLS = 60;

/** Polls, with a stop of the pipeline in the middle; `meanwhile` may harm the checkpoints then. */
async function run(
  meanwhile: (log: EventLog) => Promise<void>,
  checkpointEvery = 20_000,
): Promise<{ windows: string[]; alerts: string[]; warnings: string[] }> {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  await log.createTopics(topicSpecs(86_400_000));
  const warnings: string[] = [];
  for (const half of [0, 1]) {
    const checkpoints = { checkpointEvery, checkpointApart: 0 };
    const options = {
      log,
      codec,
      rules: unchanging(rules),
      registry: new Registry(),
      targets: 4,
      ...checkpoints,
    };
    const pipeline = await runPipeline({
      ...options,
      warn: (text) => warnings.push(text),
      pause,
      onFatal: (error) => expect.unreachable(String(error)),
    });
    for (let n = (half * POLLS) / 2; n < ((half + 1) * POLLS) / 2; n++) await poll(log, n);
    const closed = Math.floor(((((half + 1) * POLLS) / 2 - 1) * 5000) / 10_000);
    await expect
      .poll(async () => (await payloads(log, 'windows')).length, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(closed);
    await pipeline.stop();
    if (half === 0) await meanwhile(log);
  }
  const result = { windows: await payloads(log, 'windows'), alerts: await payloads(log, 'alerts'), warnings };
  await log.close();
  await environment.close();
  return result;
}

/** Commits at the same place, but with another checkpoint than the stage's own. */
async function harm(
  log: EventLog,
  group: string,
  topic: string,
  commit: (next: number) => Commit,
): Promise<void> {
  const owned: OwnedPartition[] = [];
  const membership = await log.join(group, topic, (one) => owned.push(one));
  for (const one of owned) {
    const position = await one.committed();
    if (position) await one.commit([], commit(position.next));
  }
  await membership.leave();
}

const torn = (next: number): Commit => {
  const state = {
    id: 'torn',
    part: 0,
    last: true,
    digest: 'no digest of this',
    payload: Buffer.from('half a state'),
  };
  return { next, replayFrom: next, checkpoint: [{ key: null, value: codec.encode('StageState', state) }] };
};
const lost = (next: number): Commit => ({
  next,
  replayFrom: next,
  checkpoint: [{ key: null, value: Buffer.from('?') }],
});

test.each([
  ['torn', torn],
  ['lost', lost],
])('a checkpoint that is %s is said, and survived by replaying the log', async (_, commit) => {
  const straight = await run(async () => {});
  expect(straight.warnings).toEqual([]);
  expect(straight.alerts.length).toBeGreaterThan(3);
  const harmed = await run(async (log) => {
    await harm(log, 'aggregate', 'metrics', commit);
    await harm(log, 'evaluate', 'partials', commit);
  });
  expect(harmed.warnings.filter((text) => text.includes('state is unreadable'))).toHaveLength(8);
  expect({ windows: harmed.windows, alerts: harmed.alerts }).toEqual({
    windows: straight.windows,
    alerts: straight.alerts,
  });
});

test('alert delay is bounded by a checkpoint interval: here alerts come long before one is due', async () => {
  let alerts = 0;
  let checkpoints = 0;
  await run(async (log) => {
    alerts = (await payloads(log, 'alerts')).length;
    for (const topic of ['metrics', 'partials']) {
      const id = codec.idOf('StageState').toString(16).padStart(10, '0');
      checkpoints += (await payloads(log, topic, 0)).filter((value) => value.startsWith(id)).length;
    }
  }, 86_400_000);
  expect(alerts).toBeGreaterThan(3);
  // Each partition of both stages: when it begins, and at its first watermark.
  expect(checkpoints).toBe(2 * 4 * 2);
});
