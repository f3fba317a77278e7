import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder, tidemark, Up } from './tidemark.js';

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

describe('tidemark up', () => {
  test('keeps users and videos over a restart, and says each mistake', async () => {
    using folder = temporaryFolder();
    const user = { name: 'Ada', email: 'ada@example.org', password: 'secret' };
    const basic = { authorization: `Basic ${btoa('Ada@example.org:secret')}` };
    {
      await using up = await Up.start('--data', folder.path);
      const registered = await fetch(`${up.url}/vms/users/register`, json(user));
      expect([registered.status, await registered.json()]).toMatchObject([
        201,
        { name: 'Ada', email: user.email },
      ]);
      const again = await fetch(`${up.url}/vms/users/register`, json({ ...user, email: 'ADA@example.org' }));
      expect([again.status, again.headers.get('content-type')]).toEqual([409, 'application/problem+json']);
      expect((await fetch(`${up.url}/vms/users/register`, json({ name: 'x' }))).status).toBe(400);
      expect((await fetch(`${up.url}/vms/videos`, json({ name: 'v', author: 'a' }))).status).toBe(401);
      const video = await fetch(`${up.url}/vms/videos`, json({ name: 'v', author: 'a' }, basic));
      expect([video.status, await video.json()]).toMatchObject([201, { name: 'v', state: 'waitingUpload' }]);
      expect((await fetch(`${up.url}/vms/videos`, json({ name: 'v', author: 'a' }, basic))).status).toBe(409);
      expect(await up.end('SIGTERM')).toBe(0);
    }
    await using up = await Up.start('--data', folder.path);
    const videos = (await (await fetch(`${up.url}/vms/videos`)).json()) as { id: string; name: string }[];
    expect(videos.map(({ name }) => name)).toEqual(['v']);
    expect((await fetch(`${up.url}/vms/videos/${videos[0]?.id}`)).status).toBe(404);
    expect(await (await fetch(`${up.url}/vms/users`)).json()).toEqual([
      { id: expect.any(String), name: 'Ada' },
    ]);
    expect(await (await fetch(`${up.url}/api/v1/alerts`)).json()).toEqual([]);
    expect((await fetch(`${up.url}/api/v1/alerts?since=soon`)).status).toBe(400);
    const page = await (await fetch(`${up.url}/metrics`)).text();
    expect(page).toContain('tidemark_records_in{partition="0"}');
    expect(page).toContain('tidemark_spout_active 1');
  });

  test('refuses a second process on the same folder, and a port that is taken', async () => {
    using folder = temporaryFolder();
    await using up = await Up.start('--data', folder.path);
    const second = await tidemark('up', '--data', folder.path, '--port', '0');
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringContaining(`in use by process ${up.child.pid}`),
    ]);
    using other = temporaryFolder();
    const taken = await tidemark('up', '--data', other.path, '--port', new URL(up.url).port);
    expect([taken.code, taken.stderr]).toEqual([
      1,
      expect.stringMatching(/^port \d+ on 127\.0\.0\.1 is taken: .*--port\n$/),
    ]);
  });

  test('stays alive, and says so, when a target answers HTML', async () => {
    const page = createServer((_, outgoing) => outgoing.setHeader('content-type', 'text/html').end('<html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    using folder = temporaryFolder();
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/`;
    await using up = await Up.start(
      '--data',
      folder.path,
      '--no-platform',
      '--target',
      `page=${url}`,
      '--scrape-interval',
      '200ms',
    );
    await expect.poll(() => up.stderr, { timeout: 10_000 }).toContain('answered text/html, not metrics');
    expect((await fetch(`${up.url}/healthz`)).status).toBe(200);
    page.closeAllConnections();
    page.close();
  });

  test('says every mistake of options and rules at once, and exits 2', async () => {
    using folder = temporaryFolder();
    const options = await tidemark('up', '--port', 'x', '--scrape-interval', 'soon', '--data', folder.path);
    expect(options.code).toBe(2);
    expect(options.stderr).toMatch(
      /--port \(TIDEMARK_PORT\).*\n--scrape-interval \(TIDEMARK_SCRAPE_INTERVAL\)/,
    );
    const sla = join(folder.path, 'bad.yaml');
    writeFileSync(sla, 'version: 1\nslas:\n  - alert: A\n    when: mean_latency > 3\n    fro: 1m\n');
    const check = await tidemark('check', sla);
    expect(check).toEqual({
      code: 2,
      stdout: '',
      stderr: `${sla}:4:11 "3" is no latency: give it a unit, like 300ms or 1.5s\n${sla}:5:5 unknown key "fro", did you mean "for"?\n`,
    });
  });
});
