import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../cli/pause.js';
import { registryCodec } from '../platform/codec/registry.js';
import { kafkaLog } from '../platform/log/kafka/log.js';
import { Component } from './component.js';
import { docker, type Server, startKafka, startRedis, startRegistry } from './containers.js';
import { promised, stamps, type Written } from './judging.js';
import { befall, freePort } from './outage.js';
import { temporaryFolder, tidemark } from './tidemark.js';
import { Studio, Uploader } from './videos.js';

const rules = `version: 1
slas:
  - alert: ListIsSlow
    match: '{service="gateway",route="/vms/videos",method="GET"}'
    window: 2s
    when: mean_latency > 0s
    context: [request_rate]
`;

describe.skipIf(!docker)('every component on its own', () => {
  const folder = temporaryFolder();
  let servers: Server[] = [];
  let environment: Record<string, string> = {};

  beforeAll(async () => {
    servers = await Promise.all([startKafka(), startRegistry(), startRedis(await freePort())]);
    const [kafka, registry, redis] = servers;
    const sla = join(folder.path, 'sla.yaml');
    writeFileSync(sla, rules);
    const videos = join(folder.path, 'videos');
    mkdirSync(videos);
    environment = {
      KAFKA_BROKERS: kafka?.url ?? '',
      SCHEMA_REGISTRY_URL: registry?.url ?? '',
      REDIS_URL: redis?.url ?? '',
      TIDEMARK_VIDEOS: videos,
      TIDEMARK_SLA: sla,
      TIDEMARK_SCRAPE_INTERVAL: '500ms',
    };
  }, 180_000);
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('upload, encoding, metrics, windows and an alert, over Kafka, registry and Redis', async () => {
    await using vms = await Component.start('vms', environment);
    await using vps = await Component.start('vps', environment);
    await using gateway = await Component.start('gateway', { ...environment, VMS_URL: vms.url });
    await using pipeline = await Component.start('pipeline', environment);
    await using view = await Component.start('view', environment);
    const targets = [gateway, vms, vps].map(({ name, admin }) => `${name}=${admin}/metrics`).join(',');
    await using spout = await Component.start('spout', { ...environment, TIDEMARK_TARGET: targets });

    using studio = await Studio.open();
    const user = new Uploader(gateway.url);
    await user.register();
    const id = await user.create('Tides');
    expect((await user.upload(id, studio.clip({ seconds: 2, size: '320x180', audio: true }))).status).toBe(
      202,
    );
    await expect.poll(async () => (await user.status(id)).state, { timeout: 60_000 }).toBe('available');
    expect((await fetch(`${gateway.url}/videofiles/${id}/video.mpd`)).status).toBe(200);

    const alerts = async (): Promise<string[]> => {
      await fetch(`${gateway.url}/vms/videos`);
      const answer = await fetch(`${view.url}/api/v1/alerts`);
      return ((await answer.json()) as { alert: string; state: string }[]).map(
        (one) => `${one.alert} ${one.state}`,
      );
    };
    await expect.poll(alerts, { timeout: 60_000, interval: 100 }).toEqual(['ListIsSlow firing']);
    const shown = await tidemark('alerts', '--url', view.url);
    expect(shown.stdout).toMatch(/FIRING +warning ListIsSlow gateway GET \/vms\/videos/);
    for (const one of [vms, vps, gateway, pipeline, view, spout]) {
      expect((await fetch(`${one.admin}/readyz`)).status, one.name).toBe(200);
      expect(await (await fetch(`${one.admin}/metrics`)).text()).toContain('process_resident_memory_bytes');
    }
    const taken = Component.start('view', { ...environment, TIDEMARK_PORT: new URL(view.url).port });
    await expect(taken).rejects.toThrow(/ended with 1: [\s\S]*port \d+ on 127\.0\.0\.1 is taken/);
    // The admin routes are not public.
    expect((await fetch(`${view.url}/metrics`)).status).toBe(404);
    for (const one of [spout, view, pipeline, gateway, vps, vms])
      expect(await one.end('SIGTERM'), one.name).toBe(0);
  });

  test('Redis may lose acknowledged writes: here it is waited for, and one that has forgotten all is begun anew with', async () => {
    const [kafka, registry, redis] = servers as [Server, Server, Server];
    await using vms = await Component.start('vms', environment);
    await using vps = await Component.start('vps', environment);
    await using gateway = await Component.start('gateway', { ...environment, VMS_URL: vms.url });
    const pair = { ...environment, TIDEMARK_TARGET: `vms=${vms.admin}/metrics`, TIDEMARK_SOURCE: 'pair' };
    await using one = await Component.start('spout', pair);
    await using other = await Component.start('spout', pair);
    const stop = new AbortController();
    const log = kafkaLog({
      brokers: [kafka.url],
      warn: () => undefined,
      onFatal: (error) => expect.unreachable(error.message),
    });
    const written: Written = {
      log,
      codec: await registryCodec({
        ...{ url: registry.url, pause, warn: () => undefined, signal: stop.signal },
        clock: () => performance.now(),
      }),
    };
    /** Whichever spout is active goes on. */
    const goesOn = async (): Promise<void> => {
      const now = Date.now();
      const last = (): Promise<number> => promised(written);
      await expect.poll(last, { timeout: 60_000, interval: 250 }).toBeGreaterThan(now);
    };
    const list = (): Promise<Response> => fetch(`${gateway.url}/vms/videos`);
    using studio = await Studio.open();
    const clip = studio.clip({ seconds: 1, size: '320x180', audio: false });
    const user = new Uploader(gateway.url);
    const available = async (id: string): Promise<void> => {
      const state = async (): Promise<string> => (await user.status(id)).state;
      await expect.poll(state, { timeout: 60_000 }).toBe('available');
    };
    await user.register();
    await goesOn();

    // Down, with a job under way.
    const before = await user.create('Before');
    expect((await user.upload(before, clip)).status).toBe(202);
    await befall(redis, 'stop');
    const answer = async (): Promise<unknown> => {
      const { status, headers } = await list();
      return [status, headers.get('retry-after')];
    };
    await expect.poll(answer, { timeout: 30_000 }).toEqual([503, '2']);
    const lost = (): boolean => /lease is lost/.test(one.output + other.output);
    await expect.poll(lost, { timeout: 30_000 }).toBe(true);
    await befall(redis, 'start');
    await expect.poll(answer, { timeout: 30_000 }).toEqual([200, null]);
    await available(before);
    await goesOn();

    // Emptied, with a job under way: nobody is known any more.
    const forgotten = await user.create('Forgotten');
    expect((await user.upload(forgotten, clip)).status).toBe(202);
    expect((await redis.container.exec(['redis-cli', 'FLUSHALL'])).exitCode).toBe(0);
    expect((await user.upload(forgotten, clip)).status).toBe(401);
    await user.register();
    const after = await user.create('After');
    expect((await user.upload(after, clip)).status).toBe(202);
    await available(after);
    await goesOn();
    const all = await stamps(written);
    expect(new Set(all).size).toBe(all.length);
    await log.close();
    for (const component of [one, other, gateway, vps, vms])
      expect(await component.end('SIGTERM'), component.name).toBe(0);
    stop.abort();
  });

  test('a component that waits for a silent broker ends in seconds', async () => {
    const silent = createServer();
    await once(silent.listen(0), 'listening');
    const { port } = silent.address() as AddressInfo;
    const env = {
      ...process.env,
      ...environment,
      KAFKA_BROKERS: `localhost:${port}`,
      TIDEMARK_ADMIN_PORT: '0',
    };
    const child = spawn(process.execPath, ['dist/cli/main.js', 'pipeline'], { env, stdio: 'ignore' });
    const [socket] = (await once(silent, 'connection')) as [Socket];
    await once(socket, 'data');
    const since = performance.now();
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(performance.now() - since).toBeLessThan(15_000);
    socket.destroy();
    silent.close();
  });

  test('a component says everything that is missing, at once', async () => {
    const { code, stderr } = await tidemark('vms');
    expect(code).toBe(2);
    for (const name of ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'REDIS_URL', 'TIDEMARK_VIDEOS'])
      expect(stderr).toContain(`${name} is missing`);
  });
});
