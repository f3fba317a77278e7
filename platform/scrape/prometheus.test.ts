import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { certificate, certificateKey } from './certificate.fixture.js';
import { type Prometheus, type PrometheusSettings, prometheus } from './prometheus.js';
import { PrometheusError } from './prometheus-answer.js';

const never = new AbortController().signal;
const AT = 1_700_000_000_123;

interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

const matrix = (result: unknown, more: object = {}): object => ({
  status: 'success',
  data: { resultType: 'matrix', result },
  ...more,
});

describe('a Prometheus', () => {
  let server: Server;
  let url: string;
  const asked: Asked[] = [];
  /** What it answers; null leaves the request open. */
  let answer: { readonly status?: number; readonly body: unknown } | null = null;

  beforeEach(async () => {
    asked.length = 0;
    server = createServer(async (request, response) => {
      asked.push({
        path: request.url ?? '',
        headers: request.headers,
        form: new URLSearchParams(await text(request)),
      });
      if (answer === null) return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const client = (settings: Partial<PrometheusSettings> = {}): Prometheus => prometheus({ url, ...settings });
  const samples = (one = client(), signal = never): ReturnType<Prometheus['samples']> =>
    one.samples(['a_count', 'a.b'], { from: AT - 61_000, to: AT }, signal);

  test('is asked for raw samples, with times that are exact to the millisecond', async () => {
    answer = { body: matrix([]) };
    await samples();
    expect(asked[0]?.path).toBe('/api/v1/query');
    expect(asked[0]?.form.get('query')).toBe('{__name__=~"a_count|a\\\\.b"}[61000ms]');
    expect(Number(asked[0]?.form.get('time')) * 1000).toBe(AT);
  });

  test('gives times in ms, and values also where they are no finite numbers', async () => {
    const values = [
      [1_700_000_000.123, '5'],
      [1_700_000_001, '+Inf'],
      [1_700_000_002.5, '-Inf'],
      [1_700_000_003, 'NaN'],
    ];
    answer = { body: matrix([{ metric: { __name__: 'a_count', job: 'x' }, values }]) };
    const [series] = await samples();
    expect(series).toEqual({
      name: 'a_count',
      labels: { job: 'x' },
      times: [1_700_000_000_123, 1_700_000_001_000, 1_700_000_002_500, 1_700_000_003_000],
      values: [5, Infinity, -Infinity, Number.NaN],
    });
  });

  test('gives counts and sums of native histograms, which the client library cannot read', async () => {
    const histogram = { count: '3', sum: '0.5', buckets: [[0, '0.1', '0.2', '3']] };
    answer = { body: matrix([{ metric: { __name__: 'a' }, histograms: [[1_700_000_000, histogram]] }]) };
    expect(await samples()).toEqual([
      { name: 'a', labels: {}, times: [1_700_000_000_000], values: [3], sums: [0.5] },
    ]);
  });

  test('is asked for its own clock, not by ours', async () => {
    answer = { body: { status: 'success', data: { resultType: 'scalar', result: [12.345, '12.345'] } } };
    expect(await client().clock(never)).toBe(12_345);
    expect(asked[0]?.form.has('time')).toBe(false);
  });

  test('is asked for its targets', async () => {
    const metric = { __name__: 'up', job: 'x', instance: 'y:1' };
    answer = {
      body: { status: 'success', data: { resultType: 'vector', result: [{ metric, value: [1, '0'] }] } },
    };
    expect(await client().targets(AT, never)).toEqual([{ job: 'x', instance: 'y:1' }]);
  });

  test('is asked for the newest samples, at the time that it has itself', async () => {
    const metric = { __name__: 'a_count', job: 'x' };
    answer = {
      body: { status: 'success', data: { resultType: 'vector', result: [{ metric, value: [1.5, '7'] }] } },
    };
    expect(await client().newest(['a_count', 'a.b'], never)).toEqual([
      { name: 'a_count', labels: { job: 'x' }, times: [1500], values: [7] },
    ]);
    expect(asked[0]?.form.get('query')).toBe('{__name__=~"a_count|a\\\\.b"}');
    expect(asked[0]?.form.has('time')).toBe(false);
  });

  test('is asked for the names that it has', async () => {
    answer = { body: { status: 'success', data: ['a', 'b'] } };
    expect(await client().names(never)).toEqual(['a', 'b']);
    expect(asked[0]?.path).toBe('/api/v1/label/__name__/values');
    answer = { body: { status: 'success', data: {} } };
    await expect(client().names(never)).rejects.toMatchObject({ code: 'Unreadable' });
  });

  test.each([
    [{ a: [{ type: 'gauge' }, { type: 'gauge', help: 'of another version' }] }, 'gauge'],
    [{ a: [{ type: 'gauge' }, { type: 'counter' }] }, null],
    [{ a: [{ type: 'unknown' }] }, null],
    [{}, null],
    [null, null],
  ])('that says %j of a metric', async (data, type) => {
    answer = { body: { status: 'success', data } };
    expect(await client().typeOf('a', never)).toBe(type);
    expect(asked[0]?.path).toBe('/api/v1/metadata?metric=a');
  });

  test('that answers with warnings has answered in part', async () => {
    answer = { body: matrix([], { warnings: ['a store is down', 'another too'] }) };
    await expect(samples()).rejects.toMatchObject({
      code: 'Partial',
      retryable: true,
      message: `${new URL(url).host} answered in part: a store is down; another too`,
    });
  });

  test.each([
    [422, { status: 'error', errorType: 'execution', error: 'too many samples' }, 'Refused', /too many/],
    [401, 'Unauthorized', 'Refused', /401.*check user, password or token/],
    [503, { status: 'error', errorType: 'timeout', error: 'query timed out' }, 'Unavailable', /timed out/],
    [502, '<html>', 'Unavailable', /does not answer/],
    [200, '<html>', 'Unreadable', /no answer of Prometheus/],
    [200, '', 'Unreadable', /no answer of Prometheus/],
  ])('that answers %i rejects with an error that says why', async (status, body, code, message) => {
    answer = { status, body };
    const error: unknown = await samples().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PrometheusError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('that is down, or too slow, rejects with an error that says why', async () => {
    answer = null;
    await expect(samples(client({ timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('timeout of 50ms exceeded'),
    });
    const down = prometheus({ url: 'http://127.0.0.1:1' });
    await expect(samples(down)).rejects.toMatchObject({
      code: 'Unavailable',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('is not waited for once that is aborted', async () => {
    answer = null;
    const stop = new AbortController();
    const asking = samples(client(), stop.signal);
    await expect.poll(() => asked.length).toBe(1);
    stop.abort();
    await expect(asking).rejects.toMatchObject({ message: `${new URL(url).host}: given up` });
  });

  test('is shown user and password, or the token of a file as it is now, and headers', async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    answer = { body: matrix([]) };
    await samples(client({ basic: { username: 'me', password: 'secret' } }));
    const bearer = client({ tokenFile, headers: { 'X-Scope-OrgID': 'tenant' } });
    for (const token of ['one', 'two']) {
      writeFileSync(tokenFile, `${token}\n`);
      await samples(bearer);
    }
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('me:secret').toString('base64')}`,
      'Bearer one',
      'Bearer two',
    ]);
    expect(asked[1]?.headers['x-scope-orgid']).toBe('tenant');
  });
});

test('a Prometheus over TLS is believed by its authority, and shown a certificate', async () => {
  let shown: unknown;
  const tls = { cert: certificate, key: certificateKey };
  const server = createTlsServer({ ...tls, ca: certificate, requestCert: true }, (request, response) => {
    shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(matrix([])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (settings: PrometheusSettings): Promise<unknown> =>
    prometheus(settings).samples(['a'], { from: 0, to: 1 }, never);
  expect(await ask({ url, tls: { ...tls, ca: certificate } })).toEqual([]);
  expect(shown).toBe('localhost');
  await expect(ask({ url })).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
  });
  server.closeAllConnections();
  server.close();
});
