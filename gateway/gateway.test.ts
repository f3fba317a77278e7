import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { type Listening, serve } from '../platform/http/serve.js';
import { createGateway, type GatewayOptions } from './gateway.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(
  upstream: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
  options: Partial<GatewayOptions> = {},
): Promise<Listening & { registry: Registry; upstream: Server }> {
  const server = createServer(upstream);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const registry = new Registry();
  const vms = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = createGateway({
    vms,
    videoFiles: '/nonexistent',
    registry,
    newId: () => 'made',
    monotonic: () => performance.now(),
    ...options,
  });
  const listening = await serve({ fetch: gateway.fetch as never, host: '127.0.0.1', port: 0 });
  closing.push(
    () => gateway.close(),
    () => listening.close(100),
  );
  return { ...listening, registry, upstream: server };
}

describe('gateway', () => {
  test('strips the prefix, keeps the query, overwrites what a client says of itself', async () => {
    const seen: IncomingMessage[] = [];
    const { url } = await start((incoming, outgoing) => {
      seen.push(incoming);
      outgoing.end('hello');
    });
    const answer = await fetch(`${url}/vms/videos?a=%20b`, {
      headers: { 'x-forwarded-for': '6.6.6.6', 'x-request-id': 'mine' },
    });
    expect([answer.status, await answer.text(), answer.headers.get('x-request-id')]).toEqual([
      200,
      'hello',
      'mine',
    ]);
    expect(seen[0]?.url).toBe('/videos?a=%20b');
    expect(seen[0]?.headers).toMatchObject({ 'x-request-id': 'mine', 'x-forwarded-for': '127.0.0.1' });
  });

  test('passes redirects and HEAD through', async () => {
    const { url } = await start((incoming, outgoing) => {
      outgoing
        .writeHead(incoming.method === 'HEAD' ? 204 : 301, { location: '/videofiles/1/video.mpd' })
        .end();
    });
    const answer = await fetch(`${url}/vms/videos/1`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, '/videofiles/1/video.mpd']);
    const head = await fetch(`${url}/vms/videos/1`, { method: 'HEAD' });
    expect([head.status, head.headers.get('x-hono-already-sent')]).toEqual([204, null]);
  });

  test('streams bodies both ways', async () => {
    const { url } = await start((incoming, outgoing) => incoming.pipe(outgoing));
    const body = Buffer.alloc(5_000_000, 'x');
    const answer = await fetch(`${url}/vms/echo`, { method: 'POST', body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });

  test('says 502 for a dead upstream, without its address', async () => {
    const { url, upstream } = await start(() => {});
    const { port } = upstream.address() as AddressInfo;
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
    const answer = await fetch(`${url}/vms/a`);
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain(String(port));
  });

  test('says 408 where the client stops in the middle of its upload, 504 where the upstream takes no more', async () => {
    const { port } = await start((incoming) => void incoming.pause(), { timeoutMs: 50 });
    const upload = (length: number, body: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const head = `POST /vms/a HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`;
        const socket = connect(port, '127.0.0.1', () => socket.write(head + body));
        socket.once('data', (answer) => {
          socket.destroy();
          resolve(String(answer).split(' ', 2)[1] ?? '');
        });
        socket.on('error', reject);
      });
    expect(await upload(10, 'half')).toBe('408');
    expect(await upload(50_000_000, 'x'.repeat(40_000_000))).toBe('504');
    expect(await upload(4, 'full')).toBe('504');
  });

  test('says 504 for a slow one', async () => {
    const { url } = await start(() => {}, { timeoutMs: 50 });
    expect((await fetch(`${url}/vms/a`)).status).toBe(504);
  });

  test.each(['declared', 'chunked'])('never loses the 413 of a %s body', async (kind) => {
    const { port } = await start(
      (incoming, outgoing) => incoming.resume().on('end', () => outgoing.end('took it')),
      {
        uploadLimit: 100_000,
      },
    );
    for (let n = 0; n < 30; n++) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers =
          kind === 'declared' ? { 'content-length': 3_000_000 } : { 'transfer-encoding': 'chunked' };
        const upload = request({ port, method: 'POST', path: '/vms/a', headers, agent: false }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode));
        });
        upload.on('error', reject);
        for (let i = 0; i < 30; i++) upload.write(Buffer.alloc(100_000));
        upload.end();
      });
      expect(status).toBe(413);
    }
  });

  test('counts by its own route table', async () => {
    const { url, registry } = await start((_, outgoing) => outgoing.end('ok'));
    for (const path of ['/vms/videos/1', '/vms/videos/2', '/vms/strange', '/nowhere'])
      await (await fetch(url + path)).text();
    await expect
      .poll(() => registry.getSingleMetricAsString('http_requests_total'))
      .toContain(
        'http_requests_total{service="gateway",route="/vms/videos/:id",method="GET",status="200"} 2',
      );
    const text = await registry.metrics();
    expect(text).toContain(
      'http_request_duration_seconds_count{service="gateway",route="unmatched",method="GET",status="404"} 1',
    );
    expect(text).toContain(
      'http_response_size_bytes_sum{service="gateway",route="unmatched",method="GET",status="200"} 2',
    );
  });
});
