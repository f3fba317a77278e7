import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Statistics } from '../pipeline/stats/api-tally.js';
import { temporaryFolder, tidemark, Up } from './tidemark.js';
import { basic, Studio, Uploader } from './videos.js';

const SLOW = { timeout: 60_000, interval: 200 };
const ID = 'the-upload.1';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the requests of the platform', () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.open();
  });
  afterAll(() => studio[Symbol.dispose]());

  test('one is followed through all components, and all are counted', async () => {
    using folder = temporaryFolder();
    await using up = await Up.start(
      ...['--data', join(folder.path, 'data'), '--scrape-interval', '1s', '--log-level', 'debug'],
    );
    const user = new Uploader(up.url);
    await user.register();
    const video = await user.create('Tides');
    const clip = studio.clip({ seconds: 2, size: '320x180', audio: false });
    const sent = { ...basic(), 'x-request-id': ID, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    expect(await user.upload(video, clip, sent)).toMatchObject({ status: 202 });
    await expect.poll(async () => (await user.status(video)).state, SLOW).toBe('available');
    for (let i = 0; i < 5; i++) await fetch(`${up.url}/vms/videos/none`);

    await expect.poll(() => up.stderr, SLOW).toContain('"state":"available"');
    const log = join(folder.path, 'platform.log');
    writeFileSync(log, up.stderr);
    const path = await tidemark('trace', ID, log);
    expect(path.code).toBe(0);
    const [head, ...steps] = path.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^\d{4}-.*Z, \d+ steps in [\d.]+m?s$/);
    const said = steps.map((line) => line.replace(/^ *\+\S+ +(?:[\d.]+m?s +)?/, ''));
    const at = (pattern: RegExp): number => said.findIndex((line) => pattern.test(line));
    const expected = [
      /^gateway +request .*route=\/vms\/videos\/:id .*status=202/,
      /^vms +request .*route=\/videos\/:id/,
      /^vps +job started /,
      /^vms +event applied .*state=available/,
    ];
    const places = expected.map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    // These two are told of when they are over, by which time the next may have begun.
    expect(at(/^vms +job queued /)).toBeGreaterThan(0);
    expect(at(/^vps +job done /)).toBeGreaterThan(0);
    expect((await tidemark('trace', TRACE, log)).stdout).toBe(path.stdout);

    const none = await tidemark('trace', 'another', log);
    expect([none.code, none.stdout]).toEqual([2, '']);
    expect(none.stderr).toContain('is about the request another');

    const stats = async (): Promise<Statistics> =>
      JSON.parse(
        (await tidemark('stats', '--url', up.url, '--match', '{service="gateway"}', '-o', 'json')).stdout,
      ) as Statistics;
    const of = async (method: string, route: string) =>
      (await stats()).apis.find((one) => one.method === method && one.route === route);
    await expect.poll(async () => (await of('GET', '/vms/videos/:id'))?.requests, SLOW).toBe(5);
    expect(await of('GET', '/vms/videos/:id')).toMatchObject({ clientErrors: 5, serverErrors: 0 });
    const upload = await of('POST', '/vms/videos/:id');
    expect(upload).toMatchObject({ requests: 1, clientErrors: 0, latency: { mean: expect.any(Number) } });
    expect(upload?.request?.total).toBeGreaterThan(clip.length);
    const table = (await tidemark('stats', '--url', up.url)).stdout;
    expect(table).toMatch(/^service +method +route +requests/);
    expect(table).toMatch(/gateway +GET +\/vms\/videos\/:id +5 /);
  });
});
