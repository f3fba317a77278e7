import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import type { Codec } from '../platform/codec/codec.js';
import { registryCodec } from '../platform/codec/registry.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { type AvroField, schemaOf } from '../schemas/index.js';
import { Component } from './component.js';
import { docker, restart, type Server, startKafka, startRegistry } from './containers.js';
import { endMetrics, rulesText, writeMetrics } from './metrics-log.js';
import { befall } from './outage.js';
import { backtest, payloads, results } from './results.js';
import { temporaryFolder } from './tidemark.js';

const SECONDS = 600;
const PAUSED_MS = 20_000;

describe.skipIf(!docker)('a running pipeline', () => {
  const folder = temporaryFolder();
  const stop = new AbortController();
  let servers: Server[] = [];
  beforeAll(async () => {
    servers = await Promise.all([startKafka(), startRegistry()]);
  }, 180_000);
  afterAll(async () => {
    stop.abort();
    for (const server of servers) await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** A version of the metrics that no process knows until it asks: with one more field, which is empty. */
  async function newVersion(registry: string): Promise<number> {
    const current = schemaOf('MetricRecord') as { readonly fields: readonly AvroField[] };
    const inner = { name: 'inner', type: { type: 'array', items: 'io.tidemark.Bucket' }, default: [] };
    const schema = JSON.stringify({ ...current, fields: [...current.fields, inner] });
    const answer = await fetch(`${registry}/subjects/io.tidemark.MetricRecord/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    return ((await answer.json()) as { readonly id: number }).id;
  }

  test('waits for a registry that is silent and a broker that is restarted, and passes by poison: the bytes of a backtest', async () => {
    const [kafka, registry] = servers as [Server, Server];
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rulesText);
    const warn = (): void => undefined;
    const log = kafkaLog({
      brokers: [kafka.url],
      warn,
      onFatal: (error) => expect.unreachable(error.message),
    });
    const clock = (): number => performance.now();
    const codec = await registryCodec({ url: registry.url, pause, warn, clock, signal: stop.signal });
    await using pipeline = await Component.start('pipeline', {
      KAFKA_BROKERS: kafka.url,
      SCHEMA_REGISTRY_URL: registry.url,
      TIDEMARK_SLA: sla,
      TIDEMARK_CHECKPOINT_EVERY: '2m',
    });
    let version: number | null = null;
    const encode: Codec['encode'] = (type, value) => {
      const bytes = codec.encode(type, value);
      if (version === null || type !== 'MetricRecord') return bytes;
      bytes.writeUInt32BE(version, 1);
      return Buffer.concat([bytes, Buffer.from([0])]);
    };
    const count = async (topic: string): Promise<number> => (await payloads(log, topic)).flat().length;
    /** Dead letters of what nobody could read. */
    const unreadable = async (): Promise<number> => {
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(codec.idOf('DeadLetter'), 1);
      const letters = (await payloads(log, 'dead-letter')).flat();
      return letters
        .map((hex) => codec.decode(Buffer.concat([frame, Buffer.from(hex, 'hex')])))
        .filter(({ type, value }) => type === 'DeadLetter' && value.reason === 'bad').length;
    };
    const poison = [Buffer.from('no frame'), Buffer.from([0, 0, 0, 3, 231, 1, 2])];
    let pausedAt = 0;
    /** Whether nothing is written any more, also no position, which comes each 5 s at most. */
    const seen = { ends: 0, since: 0 };
    const idle = async (): Promise<boolean> => {
      let ends = 0;
      for (const topic of ['metrics', 'partials', 'windows', 'alerts', 'dead-letter'])
        for (let p = 0; p < (await log.partitions(topic)); p++) ends += (await log.range(topic, p)).end;
      if (ends !== seen.ends) Object.assign(seen, { ends, since: clock() });
      return clock() - seen.since > 7_000;
    };
    await writeMetrics({
      ...{ log, seconds: SECONDS, steady: 10 },
      codec: { ...codec, encode },
      between: async (second) => {
        if (second === 40) {
          await expect.poll(() => count('windows'), { timeout: 60_000 }).toBeGreaterThan(10);
          const id = await newVersion(registry.url);
          expect(await codec.load(id)).toBe(true);
          version = id;
          await befall(registry, 'pause');
          pausedAt = clock();
        }
        if (second === 100) {
          // It meets what it has to ask for, and says that it waits.
          const asked = (): string => pipeline.output.slice(-2_000);
          await expect.poll(asked, { timeout: 60_000 }).toMatch(/registry.*trying again/);
          await expect.poll(() => clock() - pausedAt, { timeout: 60_000 }).toBeGreaterThan(PAUSED_MS);
          expect(await unreadable()).toBe(0);
          await befall(registry, 'unpause');
        }
        if (second === 120) {
          const records = poison.map((value) => ({ key: null, value }));
          await log.append({ topic: 'metrics', partition: 1, records });
          await expect.poll(unreadable, { timeout: 60_000 }).toBe(poison.length);
        }
        if (second === 160) {
          // One node that is killed with a transaction at its end forgets to end it (DECISIONS.md).
          await expect.poll(idle, { timeout: 60_000, interval: 250 }).toBe(true);
          await restart(kafka);
          const answers = (): Promise<boolean> => log.range('metrics', 0).then(Boolean, () => false);
          await expect.poll(answers, { timeout: 60_000 }).toBe(true);
        }
      },
    });
    await endMetrics({ log, codec, seconds: SECONDS });
    const from = ['--kafka-brokers', kafka.url, '--schema-registry-url', registry.url];
    const expected = await backtest(from, { codec, sla });
    expect(expected.alerts.flat().length).toBeGreaterThan(10);
    const windows = expected.windows.flat().length;
    await expect.poll(() => count('windows'), { timeout: 90_000, interval: 500 }).toBe(windows);
    await expect.poll(() => results(log), { timeout: 30_000, interval: 1000 }).toEqual(expected);
    expect(await unreadable()).toBe(poison.length);
    expect(await pipeline.end('SIGTERM')).toBe(0);
    await log.close();
  });
});
