import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { scrapeHttp } from './http-scrape.js';

/** A server on a free port of the loopback, until it is disposed of. */
async function serve(listener: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const never = new AbortController().signal;
const text = 'text/plain; version=0.0.4; charset=utf-8';
const way = 'give the address of its metrics, like http://host:port/metrics';

test('a target gives its samples, its start and its clock', async () => {
  let accept: string | undefined;
  await using target = await serve((request, response) => {
    ({ accept } = request.headers);
    response.writeHead(200, { 'content-type': text, date: 'Thu, 15 Jan 2026 12:30:30 GMT' });
    response.end('# TYPE c_total counter\nc_total{a="é"} 7\nprocess_start_time_seconds 1.7e9\n');
  });
  expect(await scrapeHttp(target.url, never)).toEqual({
    samples: [
      {
        name: 'c_total',
        labels: { a: 'é' },
        type: 'cumulative',
        count: 7,
        sum: 0,
        buckets: [],
        created: null,
      },
    ],
    processStart: 1_700_000_000_000,
    clock: Date.UTC(2026, 0, 15, 12, 30, 30),
  });
  expect(accept).toContain('text/plain;version=0.0.4');
  expect(accept).toContain('application/openmetrics-text');
});

test('a target without a type of content or a date is read all the same', async () => {
  await using target = await serve((_, response) => {
    response.sendDate = false;
    response.end('# TYPE c_total counter\nc_total 7\n');
  });
  const { samples, clock } = await scrapeHttp(target.url, never);
  expect([samples.length, clock]).toEqual([1, null]);
});

test('a character that is cut in two by the network is put together', async () => {
  const bytes = Buffer.from('# TYPE c_total counter\nc_total{a="é"} 7\n');
  await using target = await serve((_, response) => {
    response.write(bytes.subarray(0, bytes.indexOf(0xc3) + 1), () => {
      response.end(bytes.subarray(bytes.indexOf(0xc3) + 1));
    });
  });
  expect((await scrapeHttp(target.url, never)).samples[0]?.labels).toEqual({ a: 'é' });
});

describe('what is no metrics is told with the way out', () => {
  test.each([
    [404, text, 'c_total 7\n', `answered 404: ${way}`],
    [500, text, '', `answered 500: ${way}`],
    [302, text, '', `answered 302: ${way}`],
    [200, 'text/html; charset=utf-8', '<html>', `answered text/html; charset=utf-8, not metrics: ${way}`],
    [200, 'application/json', '{}', `answered application/json, not metrics: ${way}`],
    [200, text, '\n<html>\n', 'answered no metrics: line 2 is no sample: <html>'],
  ])('%d %s %j', async (status, type, body, message) => {
    await using target = await serve((_, response) => {
      response.writeHead(status, { 'content-type': type, location: '/' }).end(body);
    });
    await expect(scrapeHttp(target.url, never)).rejects.toThrow(new Error(`${target.url} ${message}`));
  });
});

test('an answer that is compressed, though that was not asked for, is told as such', async () => {
  await using target = await serve((_, response) => {
    response
      .writeHead(200, { 'content-type': text, 'content-encoding': 'gzip' })
      .end(gzipSync('c_total 7\n'));
  });
  await expect(scrapeHttp(target.url, never)).rejects.toThrow(
    new Error(`${target.url} answered in gzip, which was not asked for: let it answer as it is`),
  );
});

describe('a target that is too slow', () => {
  test('to begin its answer', async () => {
    const timeout = new AbortController();
    await using target = await serve(() => timeout.abort());
    await expect(scrapeHttp(target.url, timeout.signal)).rejects.toThrow(
      new Error(`${target.url} did not answer in time`),
    );
  });

  test('to end it', async () => {
    const timeout = new AbortController();
    await using target = await serve((_, response) => {
      response.writeHead(200, { 'content-type': text });
      response.write('# TYPE c_total counter\n', () => timeout.abort());
    });
    await expect(scrapeHttp(target.url, timeout.signal)).rejects.toThrow(
      new Error(`${target.url} did not answer in time`),
    );
  });

  test('before it was asked', async () => {
    await using target = await serve((_, response) => response.end(''));
    await expect(scrapeHttp(target.url, AbortSignal.abort())).rejects.toThrow(
      new Error(`${target.url} did not answer in time`),
    );
  });
});

describe('a target that is down', () => {
  test('refuses', async () => {
    const target = await serve(() => {});
    await target[Symbol.asyncDispose]();
    await expect(scrapeHttp(target.url, never)).rejects.toThrow(
      new Error(`${target.url} is down: ECONNREFUSED`),
    );
  });

  test('goes away while it answers', async () => {
    await using target = await serve((_, response) => {
      response.writeHead(200, { 'content-type': text, 'content-length': 1000 });
      response.write('# TYPE c_total counter\n', () => response.destroy());
    });
    await expect(scrapeHttp(target.url, never)).rejects.toThrow(`${target.url} is down: `);
  });
});
