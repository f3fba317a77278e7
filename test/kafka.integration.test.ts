import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest as judgeLog } from '../cli/backtest.js';
import { exportTopic } from '../cli/log-export.js';
import { logInput } from '../cli/metrics-log.js';
import { pause } from '../cli/pause.js';
import { runPipeline } from '../cli/pipeline.js';
import { noProgress } from '../cli/progress.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { docker, type Server, startKafka } from './containers.js';
import { endMetrics, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { backtest, payloads, type Results, results } from './results.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const seconds = 1500;

/** Runs the pipeline over a log until it has put out as much as is expected. */
async function run(log: EventLog, rules: RuleSet, windows: number): Promise<Results> {
  const warnings: string[] = [];
  const pipeline = await runPipeline({
    log,
    codec,
    rules: unchanging(rules),
    registry: new Registry(),
    targets: PARTITIONS,
    checkpointEvery: 300_000,
    warn: (text) => warnings.push(text),
    pause,
    onFatal: (error) => expect.unreachable(String(error)),
  });
  const written = async (): Promise<number> => (await payloads(log, 'windows')).flat().length;
  await expect.poll(written, { timeout: 90_000, interval: 500 }).toBe(windows);
  await pipeline.stop();
  expect(warnings).toEqual([]);
  return results(log);
}

/** The alerts as `tidemark log export` prints them, but for their offsets: those of Kafka count commits too. */
async function exported(log: EventLog): Promise<string[]> {
  const lines: string[] = [];
  const print = async (line: string): Promise<void> => void lines.push(line.replace(/"offset":\d+,/, ''));
  await exportTopic({ log, codec, topic: 'alerts', print, warn: (text) => expect.unreachable(text) });
  return lines;
}

/** What a backtest of the log itself tells. */
async function backtested(log: EventLog, rules: RuleSet): Promise<string[]> {
  const lines: string[] = [];
  await judgeLog({
    ...{ rules, windows: true, output: 'json', progress: noProgress, print: (line) => lines.push(line) },
    input: await logInput({ log, codec }, (text) => expect.unreachable(text)),
    bounds: { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY },
    limits: { maxSeries: 1000, maxGroups: 1000 },
    warn: () => undefined,
  });
  return lines;
}

describe.skipIf(!docker)('the pipeline over Kafka', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('gives the same bytes as over the embedded log, and as a backtest', async () => {
    using folder = temporaryFolder();
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rulesText);
    const rules = recompile(sla, rulesText);
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const kafka = kafkaLog({
      brokers: [server.url],
      replication: 1,
      warn: (text) => console.warn(text),
      onFatal: (error) => expect.unreachable(String(error)),
    });
    const embedded = lmdbLog(environment);
    for (const log of [embedded, kafka]) {
      await writeMetrics({ log, codec, seconds, steady: 10 });
      await endMetrics({ log, codec, seconds });
    }
    const expected = await backtest(['--data', folder.path], { codec, sla });
    expect(expected.alerts.flat().length).toBeGreaterThan(50);
    for (const log of [embedded, kafka]) {
      expect(await run(log, rules, expected.windows.flat().length)).toEqual(expected);
    }
    expect(await exported(kafka)).toEqual(await exported(embedded));
    const logs = [embedded, kafka].map((log) => backtested(log, rules));
    expect(await logs[1]).toEqual(await logs[0]);
    expect(await logs[0]).toHaveLength(expected.windows.flat().length + expected.alerts.flat().length);
    await kafka.close();
    await embedded.close();
    await environment.close();
  });
});
