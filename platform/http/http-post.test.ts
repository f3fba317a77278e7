import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { httpPost } from './http-post.js';

/** A server that answers so, at a port of its own. */
async function serving(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const message = { body: '{"a":1}', headers: { 'tidemark-delivery': 'x' } };
const { signal } = new AbortController();

describe('posting over HTTP', () => {
  test('sends the body as JSON, with the headers, and gives the answer', async () => {
    await using server = await serving(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { 'content-type': type, 'tidemark-delivery': delivery } = request.headers;
      response.writeHead(418).end(JSON.stringify([request.method, type, delivery, body]));
    });
    const { status, body } = await httpPost(5_000)(server.url, message, signal);
    expect([status, JSON.parse(body)]).toEqual([418, ['POST', 'application/json', 'x', '{"a":1}']]);
  });

  test('reads the beginning of a long answer alone', async () => {
    await using server = await serving((_, response) => void response.end('x'.repeat(100_000)));
    expect((await httpPost(5_000)(server.url, message, signal)).body).toHaveLength(2_000);
  });

  test('an answer that does not come in time is given up', async () => {
    await using server = await serving((_, response) => void response.write('x'));
    await expect(httpPost(50)(server.url, message, signal)).rejects.toThrow('no answer within 0.05 s');
  });

  test('a server that is not there is told by its code', async () => {
    const server = await serving(() => undefined);
    await server[Symbol.asyncDispose]();
    await expect(httpPost(5_000)(server.url, message, signal)).rejects.toThrow('ECONNREFUSED');
  });

  test('ends with the signal', async () => {
    const stop = new AbortController();
    await using server = await serving(() => stop.abort());
    await expect(httpPost(5_000)(server.url, message, stop.signal)).rejects.toThrow('given up');
  });
});
