import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPipeline } from '../cli/pipeline.js';
import { Backtest } from '../pipeline/backtest/backtest.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { groupText } from '../pipeline/model/text.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { docker, type Server, startKafka } from './containers.js';
import { endMetrics, PARTITIONS, rulesText, writeMetrics } from './metrics-log.js';
import { payloads } from './payloads.js';
import { temporaryFolder } from './tidemark.js';

const codec = embeddedCodec();
const rules = recompile('sla.yaml', rulesText);
const seconds = 1500;

interface Result {
  readonly windows: string[][];
  readonly alerts: string[][];
}

/** What a backtest makes of the metrics in a log, by the partition that each group belongs to. */
async function backtest(log: EventLog): Promise<Result> {
  const result: Result = { windows: [], alerts: [] };
  for (let p = 0; p < PARTITIONS; p++) for (const of of [result.windows, result.alerts]) of.push([]);
  const run = new Backtest({
    codec,
    rules,
    partitions: PARTITIONS,
    expand: expandTemplate,
    warn: (text) => expect.unreachable(text),
    emit: ({ type, value }) => {
      const route = type === 'WindowRecord' ? value.group.route : value.labels.route;
      const partition = partitionOf(groupText({ route: route ?? '' }), PARTITIONS);
      const payload = codec.encode(type, value as never).toString('hex', 5);
      result[type === 'WindowRecord' ? 'windows' : 'alerts'][partition]?.push(payload);
    },
  });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const reader = log.read('metrics', partition, 0);
    for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
      while (batch.advance()) {
        const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
        const record = codec.decode(bytes.subarray(valueStart, valueEnd));
        const key = bytes.toString('utf8', keyStart, keyEnd);
        if (record.type === 'MetricRecord' || record.type === 'Watermark')
          run.push({ partition, key, record });
      }
    }
    await reader.close();
  }
  run.finish();
  return result;
}

async function read(log: EventLog): Promise<Result> {
  return { windows: await payloads(log, 'windows'), alerts: await payloads(log, 'alerts') };
}

/** Runs the pipeline over a log until it has put out as much as is expected. */
async function run(log: EventLog, windows: number): Promise<Result> {
  const warnings: string[] = [];
  const pipeline = await runPipeline({
    log,
    codec,
    rules,
    registry: new Registry(),
    targets: PARTITIONS,
    checkpointEvery: 300_000,
    warn: (text) => warnings.push(text),
    onFatal: (error) => expect.unreachable(String(error)),
  });
  const written = async (): Promise<number> => (await payloads(log, 'windows')).flat().length;
  await expect.poll(written, { timeout: 90_000, interval: 500 }).toBe(windows);
  await pipeline.stop();
  expect(warnings).toEqual([]);
  return read(log);
}

describe.skipIf(!docker)('the pipeline over Kafka', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('gives the same bytes as over the embedded log, and as a backtest', async () => {
    using folder = temporaryFolder();
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
    const expected = await backtest(embedded);
    expect(expected.alerts.flat().length).toBeGreaterThan(50);
    for (const log of [embedded, kafka]) {
      expect(await run(log, expected.windows.flat().length)).toEqual(expected);
      await log.close();
    }
    await environment.close();
  });
});
