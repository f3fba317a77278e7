import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { LiveRules } from '../cli/live-rules.js';
import { loadRules } from '../cli/rules.js';
import { rememberRules, topicSpecs } from '../cli/topics.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import type { AlertRecord, RulesRevision } from '../schemas/types.js';
import { EPOCH, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { startPipeline } from './pipeline.js';
import { payloads } from './results.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const CHANGE = 100;
/** Another threshold, another text, and one more rule with windows of its own. */
const changedText = `${rulesText
  .replace('mean_latency > 150ms', 'mean_latency > 120ms')
  .replace('    context: [request_rate]', "    context: [request_rate]\n    annotations: { summary: 'new' }")}
  - alert: Busy
    window: 20s
    when: request_rate > 5/s
`;

/** What runs over a log: it follows a file, as `tidemark pipeline` does. */
class Running {
  private constructor(
    readonly live: LiveRules,
    readonly metrics: () => Promise<string>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(log: EventLog, file: string): Promise<Running> {
    const rules = loadRules(file);
    const remember = (one: typeof rules): Promise<void> => rememberRules(log, codec, one);
    await remember(rules);
    const live = new LiveRules({
      ...{ rules, remember, registry: new Registry() },
      say: (level, message) => expect(level, message).toBe('info'),
      pause: (_, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          else setImmediate(resolve);
        }),
    });
    const stop = new AbortController();
    const followed = live.run(stop.signal);
    const pipeline = await startPipeline(log, codec, live);
    return new Running(live, pipeline.metrics, async () => {
      stop.abort();
      await followed;
      await pipeline.stop();
    });
  }

  /** Until both stages have read all that there is. */
  async until(second: number): Promise<void> {
    const reached = [`aggregate ${second - 1}`, `evaluate ${second - 10}`].flatMap((one) =>
      Array.from({ length: PARTITIONS }, () => one),
    );
    await expect
      .poll(async () =>
        [...(await this.metrics()).matchAll(/watermark_timestamp_seconds\{stage="(\w+)".*?\} (\d+)/g)]
          .map(([, stage, at]) => `${stage} ${Number(at) - EPOCH / 1000}`)
          .sort(),
      )
      .toEqual(reached);
  }
}

/** How many checkpoints there are of both stages. */
async function checkpoints(log: EventLog): Promise<number> {
  const id = codec.idOf('StageState');
  let found = 0;
  for (const topic of ['metrics', 'partials'])
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const reader = log.read(topic, partition, 0);
      for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 }))
        while (batch.advance()) if (batch.bytes.readUInt32BE(batch.valueStart + 1) === id) found++;
    }
  return found;
}

async function decoded<T>(log: EventLog, topic: string): Promise<T[]> {
  const all: T[] = [];
  for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
    const reader = log.read(topic, partition, 0);
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 }))
      while (batch.advance())
        all.push(codec.decode(batch.bytes.subarray(batch.valueStart, batch.valueEnd)).value as T);
  }
  return all;
}

interface Outcome {
  readonly windows: string[][];
  readonly alerts: string[][];
  readonly records: readonly AlertRecord[];
  readonly revisions: readonly RulesRevision[];
}

/** Metrics of 200 s, with other rules from 100 s on; the process is started again at the seconds named. */
async function run(file: string, restarts: readonly number[]): Promise<Outcome> {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  await log.createTopics(topicSpecs(86_400_000));
  writeFileSync(file, rulesText);
  let running = await Running.start(log, file);
  await writeMetrics({
    ...{ log, codec, seconds: 200, steady: 3 },
    between: async (second) => {
      await running.until(second);
      if (restarts.includes(second)) await running.stop();
      if (second === CHANGE) {
        const before = await checkpoints(log);
        writeFileSync(file, changedText);
        if (restarts.includes(second)) running = await Running.start(log, file);
        // No data come meanwhile.
        await expect.poll(() => checkpoints(log)).toBe(before + 2 * PARTITIONS);
      } else if (restarts.includes(second)) running = await Running.start(log, file);
    },
  });
  await running.stop();
  const outcome = {
    windows: await payloads(log, 'windows'),
    alerts: await payloads(log, 'alerts'),
    records: await decoded<AlertRecord>(log, 'alerts'),
    revisions: await decoded<RulesRevision>(log, 'rules'),
  };
  await log.close();
  await environment.close();
  return outcome;
}

test('rules that change while it runs end the old alerts and judge from there, whatever is restarted when', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'sla.yaml');
  const { records, revisions, ...straight } = await run(file, []);
  expect(revisions.map(({ text }) => text)).toEqual([rulesText, changedText]);
  const [old, now] = revisions.map(({ revision }) => revision);
  const changed = records.filter(({ reason }) => reason === 'rule_changed');
  expect(changed.map(({ alert, state, rule }) => [alert, state, rule.revision])).toEqual([
    ['Flaps', 'resolved', old],
  ]);
  const at = (second: number): number => EPOCH + second * 1000;
  expect(changed.map(({ endsAt }) => endsAt)).toEqual([at(CHANGE - 10)]);
  for (const { alert, rule, windowEnd, reason } of records)
    if (reason !== 'rule_changed')
      expect([alert, rule.revision]).toEqual([alert, windowEnd < at(CHANGE) ? old : now]);
  expect(new Set(records.filter(({ rule }) => rule.revision === now).map(({ alert }) => alert))).toEqual(
    new Set(['AboveBaseline', 'Busy', 'Flaps']),
  );
  for (const restarts of [[140], [60, 120], [CHANGE]]) {
    const { windows, alerts } = await run(file, restarts);
    expect({ restarts, windows, alerts }).toEqual({ restarts, ...straight });
  }
});

test('rules that are taken up again are the newest ones again', async () => {
  using folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const log = lmdbLog(environment);
  await log.createTopics(topicSpecs(86_400_000));
  const file = join(folder.path, 'sla.yaml');
  for (const text of [rulesText, rulesText, changedText, changedText, rulesText]) {
    writeFileSync(file, text);
    await rememberRules(log, codec, loadRules(file));
  }
  const revisions = await decoded<RulesRevision>(log, 'rules');
  expect(revisions.map(({ text }) => text)).toEqual([rulesText, changedText, rulesText]);
  await log.close();
  await environment.close();
});
