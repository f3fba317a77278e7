import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Listening, serve } from '../platform/http/serve.js';
import { temporaryFolder } from '../test/tidemark.js';
import { createGateway, type Gateway } from './gateway.js';

describe('published files', () => {
  const folder = temporaryFolder();
  const root = join(folder.path, 'published');
  let registry: Registry;
  let gateway: Gateway;
  let front: Listening;

  beforeAll(() => {
    mkdirSync(join(root, 'v', 'inner'), { recursive: true });
    const files: Record<string, string> = {
      ...{ 'v/video.mpd': '<MPD/>', 'v/master.m3u8': '#EXTM3U', 'v/seg-0-1.m4s': '0123456789' },
      ...{ 'v/.hidden': 'secret', 'v/a b.m4s': 'spaced', 'v/empty.m4s': '', '../outside': 'secret' },
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
    symlinkSync(join(folder.path, 'outside'), join(root, 'v', 'out.mpd'));
    symlinkSync('../../outside', join(root, 'v', 'up.mpd'));
    symlinkSync(folder.path, join(root, 'parent'));
    symlinkSync('nowhere', join(root, 'v', 'dangling.mpd'));
    symlinkSync('video.mpd', join(root, 'v', 'same.mpd'));
    mkdirSync(join(folder.path, 'published-too'));
    writeFileSync(join(folder.path, 'published-too', 'secret'), 'secret');
    symlinkSync(join(folder.path, 'published-too'), join(root, 'sibling'));
  });
  beforeEach(async () => {
    await front?.close(0);
    await gateway?.close();
    registry = new Registry();
    gateway = createGateway({
      ...{ vms: 'http://127.0.0.1:1', videoFiles: root, registry, newId: () => 'made' },
      monotonic: () => performance.now(),
    });
    front = await serve({ fetch: gateway.fetch as never, host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await front.close(0);
    await gateway.close();
    folder[Symbol.dispose]();
  });

  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${front.url}/videofiles/${path}`, init);
  /** Sends the request target as it is; resolves to all that comes. */
  const raw = (target: string, headers = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(front.port, '127.0.0.1', () =>
        socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}\r\n`),
      );
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('end', () => resolve(answer)).on('error', reject);
    });

  const year = 'public, max-age=31536000, immutable';
  test.each([
    ['v/video.mpd', '<MPD/>', 'application/dash+xml', 'public, max-age=0'],
    ['v/master.m3u8', '#EXTM3U', 'application/vnd.apple.mpegurl', 'public, max-age=0'],
    ['v/seg-0-1.m4s', '0123456789', 'video/iso.segment', year],
    ['v/a%20b.m4s', 'spaced', 'video/iso.segment', year],
    ['v/empty.m4s', '', 'video/iso.segment', year],
    ['v/same.mpd', '<MPD/>', 'application/dash+xml', 'public, max-age=0'],
    ['v/video.mpd?v=1', '<MPD/>', 'application/dash+xml', 'public, max-age=0'],
  ])(
    '%s comes with its type, and is cached as long as it stays the same',
    async (path, content, type, cache) => {
      const answer = await get(path, { headers: { 'x-request-id': 'mine' } });
      expect([answer.status, await answer.text()]).toEqual([200, content]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        ...{ 'content-type': type, 'cache-control': cache, 'content-length': String(content.length) },
        ...{ 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff', 'x-request-id': 'mine' },
        ...{ etag: expect.any(String), 'last-modified': expect.any(String) },
      });
    },
  );

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('come in part for %s', async (range, content, told) => {
    const answer = await get('v/seg-0-1.m4s', { headers: { range } });
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      206,
      content,
      told,
    ]);
  });

  test.each(['bytes=0-1,5-6', 'bytes=x', 'lines=1-2'])('come as a whole for %s', async (range) => {
    const answer = await get('v/seg-0-1.m4s', { headers: { range } });
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
  });

  test('have no range behind their end, and nobody caches that', async () => {
    const answer = await get('v/seg-0-1.m4s', { headers: { range: 'bytes=10-' } });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe('bytes */10');
    for (const name of ['cache-control', 'etag', 'last-modified'])
      expect(answer.headers.get(name)).toBeNull();
    expect(await answer.json()).toMatchObject({ status: 416, detail: 'the file has no such range' });
  });

  test('come without a body for HEAD', async () => {
    const answer = await get('v/seg-0-1.m4s', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([
      200,
      '10',
      '',
    ]);
  });

  test('are not sent again to those who have them', async () => {
    const etag = (await get('v/video.mpd')).headers.get('etag') ?? '';
    // Not by `fetch`, which asks caches to look again.
    const again = await raw('/videofiles/v/video.mpd', `If-None-Match: ${etag}\r\n`);
    expect(again).toMatch(/^HTTP\/1\.1 304 .*\r\n\r\n$/s);
    expect(await raw('/videofiles/v/video.mpd', 'If-None-Match: "other"\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    ...['v', 'v/', 'v/inner', '', 'v/none.mpd', 'v/.hidden', '.', 'v//', 'v/video.mpd/', 'v/video.mpd/x'],
    ...['v/out.mpd', 'v/up.mpd', 'v/dangling.mpd', 'parent/outside', 'sibling/secret', 'x'.repeat(5_000)],
  ])('are not at %j', async (path) => {
    const answer = await raw(`/videofiles/${path}`);
    expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|04) /);
    expect(answer).not.toContain('secret');
    expect(answer).not.toMatch(/cache-control: public/i);
  });

  test.each([
    ...['..', '../outside', 'v/../../outside', '%2e%2e/outside', 'v/%2e%2e/%2e%2e/outside', '.%2e/outside'],
    ...[
      '..%2foutside',
      '..%5coutside',
      '..\\outside',
      '%252e%252e/outside',
      'v/video.mpd%00',
      '%00',
      '%zz',
      '%ff',
    ],
    ...['..;/outside', '/etc/passwd', '//etc/passwd', '....//outside', '%c0%ae%c0%ae/outside'],
  ])('do not let one out by %s', async (path) => {
    const answer = await raw(`/videofiles/${path}`);
    expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|04) /);
    expect(answer).not.toMatch(/secret|root:/);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('are not for %s', async (method) => {
    const answer = await get('v/video.mpd', { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('are counted by the bytes that were sent', async () => {
    const large = 3_000_000;
    writeFileSync(join(root, 'v', 'large.m4s'), '');
    truncateSync(join(root, 'v', 'large.m4s'), large);
    let sent = 0;
    for (const init of [{}, { headers: { range: 'bytes=0-99' } }])
      sent += (await (await get('v/large.m4s', init)).arrayBuffer()).byteLength;
    expect(sent).toBe(large + 100);
    await get('v/large.m4s', { method: 'HEAD' });
    const missing = (await (await get('v/none.m4s')).text()).length;
    const of = (method: string, status: number): string =>
      `http_response_size_bytes_sum{service="gateway",route="/videofiles/:id/:file",method="${method}",status="${status}"}`;
    const told = (): Promise<string> => registry.getSingleMetricAsString('http_response_size_bytes');
    await expect.poll(told).toContain(`${of('GET', 404)} ${missing}\n`);
    const text = await told();
    expect(text).toContain(`${of('GET', 200)} ${large}\n`);
    expect(text).toContain(`${of('GET', 206)} 100\n`);
    expect(text).toContain(`${of('HEAD', 200)} 0\n`);
  });
});
