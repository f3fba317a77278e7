import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Client } from 'undici';
import { expect, test } from 'vitest';
import { CannotListen, serve } from './serve.js';

const fetchOk = (): Response => new Response('ok');
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

test.skipIf(!hasIpv6)(
  'an IPv6 address stands in brackets in the url (needs a loopback of IPv6)',
  async () => {
    const listening = await serve({ fetch: fetchOk, host: '::1', port: 0 });
    expect(await (await fetch(listening.url)).text()).toBe('ok');
    await listening.close(0);
  },
);

test('a port that is taken is told with the option that names it', async () => {
  const first = await serve({ fetch: fetchOk, host: '127.0.0.1', port: 0 });
  const second = serve({ fetch: fetchOk, host: '127.0.0.1', port: first.port });
  await expect(second).rejects.toThrow(
    new CannotListen(`port ${first.port} on 127.0.0.1 is taken: choose another with --port`),
  );
  await first.close(0);
});

test('an address of another machine is told with the option that names it', async () => {
  const listening = serve({ fetch: fetchOk, host: '192.0.2.1', port: 0 });
  await expect(listening).rejects.toThrow(/^192\.0\.2\.1 is no address of this machine .*--host$/);
});

test('ends soon, and cuts no answer, though a client sends request after request on one connection', async () => {
  const fetch = (): Promise<Response> =>
    new Promise((resolve) => setTimeout(() => resolve(new Response('ok')), 5));
  const listening = await serve({ fetch, host: '127.0.0.1', port: 0 });
  const client = new Client(listening.url);
  let answered = 0;
  let failure: unknown = null;
  const asking = (async () => {
    while (failure === null) {
      try {
        const { body } = await client.request({ method: 'GET', path: '/' });
        await body.text();
        answered++;
      } catch (error) {
        failure = error;
      }
    }
  })();
  await expect.poll(() => answered).toBeGreaterThan(20);
  const since = performance.now();
  await listening.close(10_000);
  expect(performance.now() - since).toBeLessThan(5_000);
  await asking;
  // A request may be sent just as its connection ends: that one was not cut, but never taken.
  const { code } = failure as { code?: string };
  expect(['ECONNREFUSED', 'UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']).toContain(code);
  await client.destroy();
});

test('told to stop, it still takes new connections for a while, and asks each to end', async () => {
  const listening = await serve({ fetch: fetchOk, host: '127.0.0.1', port: 0 });
  const closed = listening.close(10_000, 2_000);
  for (let n = 0; n < 3; n++) {
    const answer = await fetch(listening.url);
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    await answer.text();
  }
  await closed;
  await expect(fetch(listening.url)).rejects.toThrow();
});

test('a body that is announced is asked for, where the handler does not do so itself', async () => {
  const echo = async (request: Request): Promise<Response> => new Response(await request.text());
  const listening = await serve({ fetch: echo, host: '127.0.0.1', port: 0 });
  const asked = request(listening.url, {
    method: 'POST',
    headers: { expect: '100-continue', 'content-length': 4 },
  });
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  asked.flushHeaders();
  await once(asked, 'continue');
  asked.end('body');
  let text = '';
  for await (const part of (await answered)[0]) text += part;
  expect(text).toBe('body');
  await listening.close(0);
});

test('HTTP/1.0 needs no Host', async () => {
  const listening = await serve({ fetch: fetchOk, host: '127.0.0.1', port: 0 });
  const socket = connect(listening.port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  let answer = '';
  for await (const part of socket) answer += part;
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
  await listening.close(0);
});

test.each([
  ['nobody waits for ever', 'a'],
  ['though it came in chunks', null],
])('a body that stops coming ends its request: %s', async (_, part) => {
  const said: number[] = [];
  const onRefused = ({ status }: { status: number }) => {
    said.push(status);
    return {};
  };
  const echo = async (request: Request): Promise<Response> => new Response(await request.text());
  const listening = await serve({ fetch: echo, host: '127.0.0.1', port: 0, bodyMs: 50, onRefused });
  const framing =
    part === null ? 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n' : `Content-Length: 9\r\n\r\n${part}`;
  const socket = connect(listening.port, '127.0.0.1', () =>
    socket.write(`POST / HTTP/1.1\r\nHost: h\r\n${framing}`),
  );
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*did not come in time/i);
  expect(said).toEqual([408]);
  await listening.close(0);
});
