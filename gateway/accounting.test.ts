import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../test/tidemark.js';
import { GatewayDriver, parsed } from './driver.fixture.js';

let driver: GatewayDriver;
afterEach(() => driver[Symbol.asyncDispose]());

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${trace}-00f067aa0ba902b7-01`;

/** Body bytes of an answer on the wire, without the framing of chunks. */
function bodyBytes(answer: string): number {
  const { headers, body } = parsed(answer);
  if (headers.get('transfer-encoding') !== 'chunked') return body.length;
  let bytes = 0;
  for (let rest = body; rest !== ''; ) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (size === 0) break;
    bytes += Math.min(size, rest.length - end - 2);
    rest = rest.slice(end + 2 + size + 2);
  }
  return bytes;
}

test('metrics and log lines are what was counted on the other side of the socket', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'v'));
  writeFileSync(join(folder.path, 'v', 'seg-1.m4s'), 'x'.repeat(100_000));
  driver = await GatewayDriver.open(
    (incoming, outgoing) => {
      const { url = '' } = incoming;
      if (url === '/videos/gone') outgoing.destroy();
      else if (url === '/videos/hangs') outgoing.write('12345');
      else if (url === '/videos/same')
        outgoing.writeHead(304, { etag: '"a"', 'content-length': '500' }).end();
      else if (url === '/videos/none') outgoing.writeHead(404, { 'content-length': '4' }).end('none');
      else if (incoming.method === 'HEAD') outgoing.writeHead(200, { 'content-length': '777' }).end();
      else incoming.resume().on('end', () => outgoing.end(url === '/videos' ? 'y'.repeat(70_000) : 'ok'));
    },
    { uploadLimit: 200_000, videoFiles: folder.path, rate: { perSecond: 0.0001, burst: 400 } },
  );
  const counted = new Map<string, { n: number; asked: number; answered: number }>();
  const count = (labels: string, asked: number, answered: number): void => {
    const cell = counted.get(labels) ?? { n: 0, asked: 0, answered: 0 };
    counted.set(labels, { n: cell.n + 1, asked: cell.asked + asked, answered: cell.answered + answered });
  };
  const send = async (
    method: string,
    path: string,
    route: string,
    body = '',
    chunked = false,
  ): Promise<void> => {
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
    const framed = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
    const head = `${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${body === '' ? '' : `${framing}\r\n`}\r\n`;
    const answer = await driver.raw(head + framed);
    count(
      `route="${route}",method="${method}",status="${parsed(answer).status}"`,
      body.length,
      bodyBytes(answer),
    );
  };
  const upload = 'u'.repeat(150_000);
  const round: (() => Promise<void>)[] = [
    () => send('GET', '/vms/videos', '/vms/videos'),
    () => send('HEAD', '/vms/videos', '/vms/videos'),
    () => send('GET', '/vms/videos/same', '/vms/videos/:id'),
    () => send('GET', '/vms/videos/none', '/vms/videos/:id'),
    () => send('GET', '/vms/videos/gone', '/vms/videos/:id'),
    () => send('POST', '/vms/videos/1', '/vms/videos/:id', upload),
    () => send('POST', '/vms/videos/1', '/vms/videos/:id', upload, true),
    () => send('POST', '/vms/videos/1', '/vms/videos/:id', 'u'.repeat(300_000)),
    () => send('POST', '/vms/videos/1', '/vms/videos/:id', 'u'.repeat(300_000), true),
    () => send('PATCH', '/vms/uploads/1', '/vms/uploads/:id', 'piece'),
    () => send('POST', '/vms/videos/1/retry', '/vms/videos/:id/retry'),
    () => send('DELETE', '/vms/videos/1', '/vms/videos/:id'),
    () => send('GET', '/vms/openapi.json', '/vms/openapi.json'),
    () => send('GET', '/videofiles/v/seg-1.m4s', '/videofiles/:id/:file'),
    () => send('HEAD', '/videofiles/v/seg-1.m4s', '/videofiles/:id/:file'),
    () => send('GET', '/videofiles/v/poster.jpg', '/videofiles/:id/:file'),
    () => send('HEAD', '/videofiles/v/poster.jpg', '/videofiles/:id/:file'),
    () => send('POST', '/videofiles/v/seg-1.m4s', '/videofiles/:id/:file', 'unwanted'),
    () => send('GET', '/nowhere', 'unmatched'),
    () => send('HEAD', '/nowhere', 'unmatched'),
    () => send('GET', '/vms/a/../b', 'unmatched'),
    () => send('GET', '/vms/what/is/this', 'unmatched'),
    async () => {
      const answer = await driver.raw('GET /vms/videos HTTP/1.1\r\n\r\n');
      count(`route="unmatched",method="GET",status="${parsed(answer).status}"`, 0, bodyBytes(answer));
    },
    async () => {
      const answer = await driver.raw('rubbish\r\n\r\n');
      count(`route="unmatched",method="_OTHER",status="${parsed(answer).status}"`, 0, bodyBytes(answer));
    },
    async () => {
      const connection = await driver.connect();
      connection.send('GET /vms/videos/hangs HTTP/1.1\r\nHost: h\r\n\r\n');
      await expect.poll(() => connection.received).toMatch(/12345\r\n$/);
      connection.socket.destroy();
      count('route="/vms/videos/:id",method="GET",status="200"', 0, 5);
    },
    async () => {
      const connection = await driver.connect();
      const before = driver.reached.length;
      connection.send('POST /vms/videos/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
      await expect.poll(() => driver.reached.length).toBe(before + 1);
      connection.socket.destroy();
      count('route="/vms/videos/:id",method="POST",status="499"', 4, 0);
    },
  ];
  for (let n = 0; n < 3; n++) await Promise.all(round.slice(0, -1).map((one) => one()));
  // Alone: it is told by the requests that reached the upstream.
  await round.at(-1)?.();
  // Past its rate a client is counted, too.
  const requests = (): number => [...counted.values()].reduce((sum, { n }) => sum + n, 0);
  for (let n = 0; n < 400; n++) {
    await send('GET', '/vms/videos', '/vms/videos');
    if ([...counted.keys()].some((labels) => labels.includes('429'))) break;
  }
  expect([...counted.keys()].join()).toContain('429');

  await expect.poll(() => driver.lines.length).toBe(requests());
  const told = new Map<string, { n: number; asked: number; answered: number }>();
  const sums = async (name: string): Promise<ReadonlyMap<string, number>> => {
    const text = await driver.metric(name.replace(/_(sum|count)$/, ''));
    const lines = text.matchAll(new RegExp(`^${name}\\{service="gateway",(.+)\\} (\\S+)$`, 'gm'));
    return new Map([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
  };
  const [n, durations, asked, answered] = await Promise.all(
    [
      'http_requests_total',
      'http_request_duration_seconds_count',
      'http_request_size_bytes_sum',
      'http_response_size_bytes_sum',
    ].map(sums),
  );
  for (const [labels, count] of n ?? [])
    told.set(labels, { n: count, asked: asked?.get(labels) ?? -1, answered: answered?.get(labels) ?? -1 });
  const sorted = (map: ReadonlyMap<string, unknown>): unknown[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(told)).toEqual(sorted(counted));
  expect(durations).toEqual(n);
  for (const what of ['requestBytes', 'responseBytes'] as const) {
    const sum = [...counted.values()].reduce(
      (all, one) => all + (what === 'requestBytes' ? one.asked : one.answered),
      0,
    );
    expect(driver.lines.reduce((all, line) => all + Number(line[what]), 0)).toBe(sum);
  }
});

test.each<[string, string, number]>([
  ['proxied', '/vms/videos', 200],
  ['a file', '/videofiles/a/b', 404],
  ['not found', '/nowhere', 404],
  ['refused for its path', '/vms/a/%2e%2e/b', 400],
  ['that is the view of a probe', '/healthz', 200],
])('what is %s has an id: that of the client, or a new one', async (_, path, status) => {
  driver = await GatewayDriver.open((__, outgoing) => outgoing.end('ok'));
  const ask = async (id: string): Promise<string | undefined> => {
    const sent = `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${id}\r\n`;
    const answer = parsed(await driver.raw(sent));
    expect(answer.status).toBe(status);
    return answer.headers.get('x-request-id');
  };
  const given = [
    'X-Request-ID: mine-1.2_3\r\n',
    '',
    'X-Request-ID: a b\r\n',
    `X-Request-ID: ${'a'.repeat(129)}\r\n`,
  ];
  const answered: (string | undefined)[] = [];
  for (const id of given) answered.push(await ask(id));
  expect(answered).toEqual(['mine-1.2_3', 'made-1', 'made-2', 'made-3']);
  if (path !== '/healthz')
    await expect.poll(() => driver.lines.map(({ requestId }) => requestId)).toEqual(answered);
  expect(driver.reached.map(({ headers }) => headers['x-request-id'])).toEqual(
    path === '/vms/videos' ? answered : [],
  );
});

test('the line of a request says all of it, and its trace goes on unchanged', async () => {
  let now = 0;
  driver = await GatewayDriver.open(
    (incoming, outgoing) => {
      incoming.resume().on('end', () => {
        now += 12.34;
        outgoing.end('answer');
      });
    },
    { monotonic: () => now },
  );
  const path = `/vms/videos/${'a'.repeat(300)}`;
  await driver.raw(
    `POST ${path}?secret=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Request-ID: mine\r\ntraceparent: ${traceparent}\r\ntracestate: a=1,b=2\r\nContent-Length: 4\r\n\r\nbody`,
  );
  expect(driver.reached[0]?.headers).toMatchObject({ traceparent, tracestate: 'a=1,b=2' });
  await expect
    .poll(() => driver.lines)
    .toEqual([
      {
        ...{
          component: 'gateway',
          requestId: 'mine',
          traceId: trace,
          method: 'POST',
          route: '/vms/videos/:id',
        },
        ...{
          path: path.slice(0, 200),
          status: 200,
          ms: 12.3,
          upstreamMs: 12.3,
          requestBytes: 4,
          responseBytes: 6,
        },
      },
    ]);
});

test('the line of a request that failed says by what', async () => {
  driver = await GatewayDriver.open((_, outgoing) => outgoing.end('ok'), { vms: 'http://127.0.0.1:1' });
  await driver.raw('GET /vms/videos HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  await expect
    .poll(() => driver.lines)
    .toMatchObject([{ status: 502, upstreamMs: null, traceId: null, error: 'ECONNREFUSED' }]);
});
