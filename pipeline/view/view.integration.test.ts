import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { kafkaLog } from '../../platform/log/kafka/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import { BrokerProxy } from '../../test/broker-proxy.js';
import { docker, type Server, startKafka } from '../../test/containers.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { alertOf } from '../follow/alert.fixture.js';
import { createView } from './view.js';

const codec = embeddedCodec();
const PARTITIONS = 2;
const CLIENTS = 20;

describe.skipIf(!docker)('the view over Kafka', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('needs no more connections for many clients than for a few', async () => {
    await using proxy = await BrokerProxy.before(server.url);
    const warnings: string[] = [];
    const warn = (text: string): number => warnings.push(text);
    const onFatal = (error: unknown): never => expect.unreachable(String(error));
    const log = kafkaLog({ brokers: [proxy.url], warn, onFatal });
    const topics = ['alerts', 'windows'].map((name) => ({ name, partitions: PARTITIONS, retentionMs: null }));
    await log.createTopics(topics);
    const append = (partition: number, route: string): Promise<number> => {
      const value = codec.encode('AlertRecord', alertOf(route, 'firing'));
      return log.append({ topic: 'alerts', partition, records: [{ key: null, value }] });
    };
    await append(0, '/before');
    using folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const kept = {
      store: lmdbStore(environment),
      access: { kind: 'open' } as const,
      retention: 60_000,
      monotonic: () => performance.now(),
    };
    const view = createView({ log, codec, ...kept, clock: Date.now, pause, warn, onFatal });
    await view.start();

    const leave: (() => Promise<void>)[] = [];
    /** What a client that comes now gets, in the order in which it comes. */
    const follow = async (): Promise<string[]> => {
      const seen: string[] = [];
      const answer = await view.app.request('/api/v1/alerts/stream?since=1h');
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      if (!reader) return expect.unreachable('no stream');
      leave.push(() => reader.cancel());
      void (async () => {
        for (let part = await reader.read(); !part.done; part = await reader.read())
          for (const [, route] of part.value.matchAll(/"fingerprint":"([^"]+)"/g)) seen.push(route ?? '');
      })();
      return seen;
    };

    const few = [await follow(), await follow()];
    await expect.poll(() => few).toEqual([['/before'], ['/before']]);
    const enough = proxy.connections;
    const many = [...few];
    while (many.length < CLIENTS) many.push(await follow());
    await expect.poll(() => many.every((seen) => seen.length === 1)).toBe(true);
    for (let i = 0; i < 10; i++) await append(i % PARTITIONS, `/${i}`);
    await expect.poll(() => many.every((seen) => seen.length >= 11), { timeout: 20_000 }).toBe(true);
    const each = ['/before', ...Array.from({ length: 10 }, (_, i) => `/${i}`)].sort();
    for (const seen of many) expect([...seen].sort()).toEqual(each);
    // One that appends came to those of the view.
    expect(proxy.connections).toBeLessThanOrEqual(enough + 1);
    for (const one of leave) await one();
    await view.close();
    await log.close();
    await expect.poll(() => proxy.connections).toBe(0);
    expect(warnings).toEqual([]);
  });
});
