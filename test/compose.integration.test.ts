import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Compose, inspect, runDocker } from './compose.js';
import { panelQueries } from './dashboard.js';
import { temporaryFolder, tidemark } from './tidemark.js';
import { Studio, Uploader } from './videos.js';

/** An image is built from nothing on a new machine, and an encoder installed. */
const BUILD_MS = 900_000;
const LONG = { timeout: 60_000, interval: 500 };
/** The containers that run ours. */
const replicas = ['gateway', 'notify', 'pipeline', 'pipeline', 'spout', 'view', 'vms', 'vps'];

// The first is decided by the load alone: nobody else lists the videos. The others are there to be seen.
const rules = `version: 1
slas:
  - alert: ListIsBusy
    match: '{service="gateway",route="/vms/videos",method="GET"}'
    window: 5s
    when: request_rate > 5/s
  - alert: SlowerThanEver
    match: '{service="gateway"}'
    window: 5s
    when: mean_latency > 1000 * baseline
    baseline: { windows: 2, min_windows: 1 }
    context: [request_rate, error_ratio]
  - alert: NothingWorks
    match: '{service="gateway"}'
    window: 5s
    when: error_ratio > 100%
`;

describe.skipIf(!inject('compose'))('the platform in containers', () => {
  const folder = temporaryFolder();
  const compose = new Compose(join(folder.path, 'sla.yaml'));
  const { tidemark: image, vps: encoder } = compose.images;

  beforeAll(async () => {
    writeFileSync(compose.rules, rules);
    await compose.run('build', '--quiet');
    await compose.run('up', '--wait');
  }, BUILD_MS);
  afterAll(async () => {
    await compose.down();
    folder[Symbol.dispose]();
  });

  test('starts without a failure, confined, and publishes gateway and view alone', async () => {
    const all = await compose.containers();
    const published: string[] = [];
    for (const { service, Config, HostConfig, Mounts, NetworkSettings, RestartCount, State } of all) {
      expect([RestartCount, State.Health?.Status], service).toEqual([0, 'healthy']);
      expect(HostConfig.Memory, service).toBeGreaterThan(0);
      expect(HostConfig.SecurityOpt, service).toContain('no-new-privileges:true');
      // A volume without a name would outlive `down`, and nobody know what it was.
      for (const { Type, Name } of Mounts)
        if (Type === 'volume') expect(Name, service).toMatch(`${compose.project}_`);
      for (const [port, at] of Object.entries(NetworkSettings.Ports))
        if (at && at.length > 0) published.push(`${service} ${port}`);
      if (!replicas.includes(service)) continue;
      expect(Config.User, service).toBe('node');
      expect([HostConfig.ReadonlyRootfs, HostConfig.CapDrop], service).toEqual([true, ['ALL']]);
    }
    const started = all.map(({ service }) => service).filter((one) => replicas.includes(one));
    expect(started.sort()).toEqual(replicas);
    expect(published.sort()).toEqual(['gateway 8080/tcp', 'view 8080/tcp']);
  });

  test('the images hold what they run and no more: ffmpeg is where videos are encoded', async () => {
    const shell = (name: string, command: string): Promise<string> =>
      runDocker(['run', '--rm', '--entrypoint', 'sh', name, '-c', command]);
    const programs = 'id -u; for one in ffmpeg ffprobe nice; do command -v $one; done; true';
    expect(await shell(image, programs)).toBe('1000\n/usr/bin/nice');
    expect(await shell(encoder, programs)).toBe('1000\n/usr/bin/ffmpeg\n/usr/bin/ffprobe\n/usr/bin/nice');
    expect(await shell(image, 'ls /app/node_modules | grep -E "^(vitest|typescript|@ff.*)$" || true')).toBe(
      '',
    );
    // The native part of each, as the log needs it for batches of other producers.
    const native = `const snappy = require('snappy'), lz4 = require('lz4-napi'), text = Buffer.from('tide');
      [snappy.uncompressSync(snappy.compressSync(text)), lz4.decompressFrameSync(lz4.compressFrameSync(text))].join()`;
    const node = ['run', '--rm', '--workdir', '/app', '--entrypoint', 'node', image];
    expect(await runDocker([...node, '--print', native])).toBe('tide,tide');
    const sizes = [image, encoder].map((one) => runDocker(['image', 'inspect', '-f', '{{.Size}}', one]));
    const [small = 0, large = 0] = (await Promise.all(sizes)).map((size) => Number(size) / 1e6);
    console.log(`image sizes: tidemark ${small.toFixed(0)} MB, vps ${large.toFixed(0)} MB`);
    expect(small).toBeLessThan(500);
    expect(large).toBeLessThan(1_000);
  });

  test('an upload is encoded and served, and a load fires an alert that ends with it', async () => {
    const [gateway, view] = [await compose.url('gateway'), await compose.url('view')];
    using studio = await Studio.open();
    const video = join(folder.path, 'tides.mp4');
    const clip = studio.clip({ seconds: 2, size: '320x180', audio: true });
    writeFileSync(video, clip);
    const user = new Uploader(gateway);
    await user.register();
    const id = await user.create('Tides');
    expect((await user.upload(id, clip)).status).toBe(202);
    await expect.poll(async () => (await user.status(id)).state, LONG).toBe('available');
    const manifest = await fetch(`${gateway}/vms/videos/${id}`);
    expect([manifest.status, await manifest.text()]).toEqual([200, expect.stringContaining('<MPD')]);

    const load = await tidemark(
      ...['load', '--url', gateway, '--register', '1', '--video', video],
      ...['--list', '300', '--get', '100', '--rate', '40'],
    );
    expect([load.code, load.stdout]).toEqual([0, expect.stringMatching(/^403 requests, 0 failed/)]);
    const told = async (): Promise<string> =>
      (await tidemark('alerts', '--url', view, '--since', '10m')).stdout;
    await expect
      .poll(told, LONG)
      .toMatch(
        /FIRING +warning ListIsBusy gateway GET \/vms\/videos [\d.]+\/s > 5\/s .*sla\.yaml:3\n.*RESOLVED +warning ListIsBusy/,
      );
  });

  test('Prometheus finds every replica, and the pipelines share the partitions', async () => {
    const up = async (): Promise<string[]> =>
      (await compose.query('up == 1')).map(({ job = '' }) => job).sort();
    await expect.poll(up, LONG).toEqual(replicas);
    const shares = async (): Promise<string[][]> => {
      const found = await compose.query('tidemark_watermark_timestamp_seconds{stage="aggregate"}');
      const instances = [...new Set(found.map(({ instance }) => instance))];
      return instances.map((one) =>
        found.filter(({ instance }) => instance === one).map(({ partition = '' }) => partition),
      );
    };
    await expect.poll(async () => (await shares()).map(({ length }) => length), LONG).toEqual([2, 2]);
    expect((await shares()).flat().sort()).toEqual(['0', '1', '2', '3']);
  });

  test('every panel of the dashboard draws something', async () => {
    const queries = panelQueries();
    const empty = async (): Promise<string[]> => {
      const drawn = await compose.drawn(
        queries.map(({ promql }) => promql),
        10,
      );
      expect(drawn).toHaveLength(queries.length);
      return queries.filter((_, i) => drawn[i] === 0).map(({ panel, promql }) => `${panel}: ${promql}`);
    };
    await expect.poll(empty, LONG).toEqual([]);
  });

  test('every component ends by itself when it is told to', async () => {
    await compose.run('stop', ...new Set(replicas));
    const ended = (await compose.containers())
      .filter(({ service }) => replicas.includes(service))
      .map(({ service, State }) => [service, State.ExitCode]);
    expect(ended.sort()).toEqual(replicas.map((service) => [service, 0]));
  });

  test('the image alone is the whole platform in one process', async () => {
    const confined = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '-v', '/data'];
    const id = await runDocker([
      'run',
      '-d',
      ...confined,
      '-e',
      'TIDEMARK_TOKEN=local',
      '-p',
      '127.0.0.1:0:8080',
      image,
    ]);
    try {
      const health = async (): Promise<string | undefined> => (await inspect(id))[0]?.State.Health?.Status;
      await expect.poll(health, LONG).toBe('healthy');
      const answer = await fetch(`http://${await runDocker(['port', id, '8080'])}/api/v1/alerts`);
      expect([answer.status, await answer.json()]).toEqual([200, []]);
      await runDocker(['stop', id]);
      expect((await inspect(id))[0]?.State.ExitCode).toBe(0);
    } finally {
      await runDocker(['rm', '--force', '--volumes', id]);
    }
  });

  test('nothing is left when it is down', async () => {
    expect((await compose.left()).length).toBeGreaterThan(0);
    await compose.down();
    expect(await compose.left()).toEqual([]);
  });
});
