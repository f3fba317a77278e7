import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Component } from './component.js';
import { docker, type Server, startKafka, startRedis, startRegistry } from './containers.js';
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
    execFileSync(process.execPath, ['scripts/build.mjs']);
    servers = await Promise.all([startKafka(), startRegistry(), startRedis()]);
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
    // The admin routes are not public.
    expect((await fetch(`${view.url}/metrics`)).status).toBe(404);
    for (const one of [spout, view, pipeline, gateway, vps, vms])
      expect(await one.end('SIGTERM'), one.name).toBe(0);
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
