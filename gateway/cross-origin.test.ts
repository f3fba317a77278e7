import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, serve } from '../platform/http/serve.js';
import { temporaryFolder } from '../test/tidemark.js';
import { createGateway, type Gateway } from './gateway.js';

const VIEW = 'http://view.example:8090';

describe('pages of another origin', () => {
  const folder = temporaryFolder();
  const asked: string[] = [];
  const upstream = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const ofUploads = { vary: 'accept', 'upload-offset': '7', 'access-control-allow-origin': '*' };
    outgoing
      .writeHead(200, {
        'content-type': 'application/json',
        ...(incoming.url === '/uploads/1' ? ofUploads : {}),
      })
      .end('[]');
  });
  const running: (readonly [Gateway, Listening])[] = [];

  const start = async (viewOrigin: string | null): Promise<string> => {
    const gateway = createGateway({
      vms: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      ...{ videoFiles: folder.path, registry: new Registry(), newId: () => 'made', viewOrigin },
      monotonic: () => performance.now(),
    });
    const listening = await serve({ fetch: gateway.fetch as never, host: '127.0.0.1', port: 0 });
    running.push([gateway, listening]);
    return listening.url;
  };
  const said = ({ headers }: Response): readonly (string | null)[] => [
    headers.get('access-control-allow-origin'),
    headers.get('vary'),
  ];

  beforeAll(async () => {
    mkdirSync(join(folder.path, 'v'));
    writeFileSync(join(folder.path, 'v', 'seg-0-1.m4s'), '0123456789');
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    for (const [gateway, listening] of running) {
      await listening.close(0);
      await gateway.close();
    }
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    folder[Symbol.dispose]();
  });

  test('may read what is proxied, published and refused, where they are of the view', async () => {
    const url = await start(VIEW);
    for (const [path, status] of [
      ['/vms/videos', 200],
      ['/videofiles/v/seg-0-1.m4s', 200],
      ['/videofiles/v/none.m4s', 404],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { headers: { origin: VIEW } });
      expect([path, answer.status, ...said(answer)]).toEqual([path, status, VIEW, 'origin']);
      expect(answer.headers.get('access-control-allow-credentials')).toBe(null);
    }
  });

  test('are told before they ask that they may log in and upload, without the services being asked', async () => {
    const url = await start(VIEW);
    asked.length = 0;
    const answer = await fetch(`${url}/vms/videos/1`, {
      method: 'OPTIONS',
      headers: {
        origin: VIEW,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([answer.status, ...said(answer)]).toEqual([204, VIEW, 'origin']);
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PATCH, DELETE');
    const headers = answer.headers.get('access-control-allow-headers')?.split(', ');
    for (const name of [
      'authorization',
      'content-type',
      'range',
      'traceparent',
      'tus-resumable',
      'upload-offset',
    ])
      expect(headers).toContain(name);
    expect(asked).toEqual([]);
  });

  test('may read how far an upload is, and what the services say of other pages is not passed on', async () => {
    const url = await start(VIEW);
    const answer = await fetch(`${url}/vms/uploads/1`, { method: 'HEAD', headers: { origin: VIEW } });
    expect(said(answer)).toEqual([VIEW, 'origin, accept']);
    const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
    for (const name of ['location', 'upload-offset', 'tus-resumable', 'x-request-id', 'retry-after'])
      expect(exposed).toContain(name);
    expect(answer.headers.get('upload-offset')).toBe('7');
  });

  test.each([
    ['of anybody else', VIEW, 'http://evil.example', 'origin'],
    ['without a name', VIEW, 'null', 'origin'],
    ['where none is configured', null, VIEW, null],
  ])('may not read: %s', async (_, allowed, origin, vary) => {
    const url = await start(allowed);
    const answer = await fetch(`${url}/vms/videos`, { headers: { origin } });
    expect([answer.status, ...said(answer)]).toEqual([200, null, vary]);
  });

  test('may not read metrics', async () => {
    const url = await start(VIEW);
    expect(said(await fetch(`${url}/metrics`, { headers: { origin: VIEW } }))).toEqual([null, null]);
  });
});
