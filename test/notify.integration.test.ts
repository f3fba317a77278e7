import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { alertOf } from '../pipeline/follow/alert.fixture.js';
import { registryCodec } from '../platform/codec/registry.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import type { AlertRecord } from '../schemas/types.js';
import { Component } from './component.js';
import { docker, type Server, startKafka, startRedis, startRegistry } from './containers.js';
import { Hook } from './hook.js';

const LONG = { timeout: 60_000, interval: 50 };

describe.skipIf(!docker)('several notifiers of a cluster', () => {
  const hook = new Hook();
  const stop = new AbortController();
  let servers: Server[] = [];
  let port = 0;
  beforeAll(async () => {
    servers = await Promise.all([startKafka(), startRegistry(), startRedis()]);
    port = await hook.start();
  }, 180_000);
  afterAll(async () => {
    stop.abort();
    for (const server of servers) await server[Symbol.asyncDispose]();
    await hook[Symbol.asyncDispose]();
  });

  test('one of them tells; killed, another goes on where it was', async () => {
    const [kafka = '', registry = '', redis = ''] = servers.map(({ url }) => url);
    const environment = {
      KAFKA_BROKERS: kafka,
      SCHEMA_REGISTRY_URL: registry,
      REDIS_URL: redis,
      TIDEMARK_WEBHOOK: `http://127.0.0.1:${port}/`,
    };
    await using first = await Component.start('notify', environment);
    await expect.poll(() => first.output, LONG).toContain('this is the active notifier');
    await using second = await Component.start('notify', environment);
    await expect.poll(() => second.output, LONG).toContain('another notifier is active: standing by');

    const warn = (): void => undefined;
    const onFatal = (error: Error): never => expect.unreachable(error.message);
    const log = kafkaLog({ brokers: [kafka], warn, onFatal });
    const clock = (): number => performance.now();
    const codec = await registryCodec({ url: registry, pause, warn, clock, signal: stop.signal });
    const happens = async (route: string, state: AlertRecord['state']): Promise<void> => {
      const now = Date.now();
      const endsAt = state === 'resolved' ? now : null;
      const value = codec.encode('AlertRecord', { ...alertOf(route, state, now), endsAt });
      await log.append({ topic: 'alerts', partition: 1, records: [{ key: null, value }] });
    };
    const metrics = async ({ admin }: Component): Promise<string> => (await fetch(`${admin}/metrics`)).text();

    await happens('/a', 'firing');
    await expect.poll(() => hook.heard, LONG).toEqual(['firing /a']);
    await expect
      .poll(() => metrics(first), LONG)
      .toContain(`tidemark_notifications_total{receiver="webhook 127.0.0.1:${port}",result="accepted"} 1`);
    expect(await metrics(second)).not.toContain('tidemark_notification_lag_seconds{');

    await first.end('SIGKILL');
    await happens('/a', 'resolved');
    await happens('/b', 'firing');
    await expect.poll(() => hook.heard.slice(-2), LONG).toEqual(['resolved /a', 'firing /b']);
    // What was taken, and not kept yet when it was killed, may come once more.
    expect(['firing /a', 'firing /a,firing /a']).toContain(hook.heard.slice(0, -2).join(','));
    // It was heard a moment before it is counted.
    await expect
      .poll(() => metrics(second), LONG)
      .toContain(`tidemark_notification_lag_seconds{receiver="webhook 127.0.0.1:${port}"} 0`);
    expect(await second.end('SIGTERM')).toBe(0);
    await log.close();
  });
});
