import { once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { instrument, routeTable } from './instrument.js';
import { serve } from './serve.js';

function service(): { readonly app: Hono; readonly registry: Registry } {
  const registry = new Registry();
  const app = new Hono();
  let now = 0;
  const monotonic = (): number => {
    now += 250;
    return now;
  };
  const routeOf = routeTable([
    ['GET', '/things/:id', /^\/things\/[^/]+$/],
    ['POST', '/things', /^\/things$/],
  ]);
  app.use(instrument({ registry, service: 'it', monotonic, routeOf }));
  app.get('/things/:id', (c) => c.json({ id: c.req.param('id') }));
  app.post('/things', async (c) => c.text(`${(await c.req.text()).length}`, 201));
  app.get('/moved', (c) => c.redirect('/things/1', 301));
  app.get('/broken', () => {
    throw new Error('broken');
  });
  app.onError((error, c) => c.text(error.message, 500));
  return { app, registry };
}

describe('an instrumented service', () => {
  test.each<[string, string, RequestInit, string, number, number]>([
    ['GET', '/things/12', {}, 'route="/things/:id",method="GET",status="200"', 0, '{"id":"12"}'.length],
    ['HEAD', '/things/12', {}, 'route="/things/:id",method="HEAD",status="200"', 0, 0],
    [
      'POST',
      '/things',
      { body: 'abc', headers: { 'content-length': '3' } },
      'route="/things",method="POST",status="201"',
      3,
      1,
    ],
    ['GET', '/things', {}, 'route="unmatched",method="GET",status="404"', 0, '404 Not Found'.length],
    ['BREW', '/things', {}, 'route="unmatched",method="_OTHER",status="404"', 0, '404 Not Found'.length],
    ['GET', '/moved', {}, 'route="unmatched",method="GET",status="301"', 0, 0],
    ['GET', '/broken', {}, 'route="unmatched",method="GET",status="500"', 0, 6],
  ])('counts %s %s by route, with its sizes', async (method, path, init, labels, asked, answered) => {
    const { app, registry } = service();
    const answer = await app.request(path, { method, ...init });
    expect((await answer.text()).length).toBe(answered);
    const text = await registry.metrics();
    const of = `{service="it",${labels}}`;
    expect(text).toContain(`http_requests_total${of} 1`);
    expect(text).toContain(`http_request_duration_seconds_sum${of} 0.25`);
    expect(text).toContain(`http_request_size_bytes_sum${of} ${asked}`);
    expect(text).toContain(`http_response_size_bytes_sum${of} ${answered}`);
  });

  test.each([
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n', 201, 8],
    ['as long as it is said to be', 'Content-Length: 5\r\n\r\nhello', 201, 5],
    ['that breaks off', 'Content-Length: 500\r\n\r\nhello', 500, 5],
  ])('counts of a body %s what came', async (_, rest, status, bytes) => {
    const { app, registry } = service();
    const listening = await serve({ fetch: app.fetch as never, host: '127.0.0.1', port: 0 });
    try {
      const socket = connect(listening.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST /things HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${rest}`);
      if (status === 500) {
        // What was sent is there before the end of the line is.
        socket.end();
      } else {
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString()).toContain(` ${status} `);
      }
      const of = `{service="it",route="/things",method="POST",status="${status}"}`;
      await expect
        .poll(async () => (await registry.metrics()).match(/http_request_size_bytes_sum.*/)?.[0])
        .toBe(`http_request_size_bytes_sum${of} ${bytes}`);
      socket.destroy();
    } finally {
      await listening.close(0);
    }
  });
});
