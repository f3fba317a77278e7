import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { GatewayDriver, parsed } from './driver.fixture.js';

let driver: GatewayDriver;
afterEach(() => driver[Symbol.asyncDispose]());
const open = async (answer: RequestListener, options: Parameters<typeof GatewayDriver.open>[1] = {}) => {
  driver = await GatewayDriver.open(answer, options);
  return driver;
};
const ok: RequestListener = (incoming, outgoing) =>
  void incoming.resume().on('end', () => outgoing.end('ok'));
const closing = 'Host: h\r\nConnection: close\r\n';

describe('what concerns one connection', () => {
  const hops = [
    ...[
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: x',
      'Proxy-Authorization: x',
      'Proxy-Connection: x',
      'TE: trailers',
    ],
    ...['Trailer: x', 'Upgrade: websocket', 'HTTP2-Settings: AAA', 'X-Named: 1', 'X-Also: 1'],
  ];

  test('does not go upstream, nor what Connection names, in whatever letters', async () => {
    await open(ok);
    await driver.raw(
      `GET /vms/a HTTP/1.1\r\n${closing}connection: X-NAMED , x-also\r\nX-Kept: 1\r\n${hops.join('\r\n')}\r\n\r\n`,
    );
    const names = (driver.reached[0]?.rawHeaders ?? [])
      .filter((_, i) => i % 2 === 0)
      .map((name) => name.toLowerCase());
    expect(names.sort()).toEqual(
      [
        'connection',
        'host',
        'x-forwarded-for',
        'x-forwarded-host',
        'x-forwarded-proto',
        'x-kept',
        'x-real-ip',
        'x-request-id',
      ].sort(),
    );
    expect(driver.reached[0]?.headers.connection).toBe('keep-alive');
  });

  test('does not come back, nor what Connection names', async () => {
    await open((_, outgoing) => {
      const flat = hops.filter((one) => !/^(TE|Trailer)/.test(one)).flatMap((one) => one.split(': '));
      outgoing
        .writeHead(200, ['Connection', 'keep-alive, x-named, X-Also', ...flat, 'Content-Length', '2'])
        .end('ok');
    });
    const { headers, body } = parsed(await driver.raw(`GET /vms/a HTTP/1.1\r\n${closing}\r\n`));
    expect([...headers.keys()].sort()).toEqual(['connection', 'content-length', 'date', 'x-request-id']);
    expect([headers.get('connection'), body]).toEqual(['close', 'ok']);
  });

  test('cannot be what frames a message', async () => {
    await open((incoming, outgoing) => void incoming.pipe(outgoing));
    const head = `POST /vms/a HTTP/1.1\r\n${closing}Connection: content-length, host\r\nContent-Length: 2\r\n\r\n`;
    expect(parsed(await driver.raw(`${head}ab`)).body).toContain('ab');
    expect(driver.reached[0]?.headers['content-length']).toBe('2');
  });

  test.each(['websocket', 'WebSocket, x'])('an upgrade to %s is refused', async (protocol) => {
    await open(ok);
    const head = `GET /vms/a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    const connection = await driver.connect();
    connection.send(head);
    await expect.poll(() => connection.received).toContain('there are no websockets here');
    expect(parsed(connection.received).status).toBe(501);
    expect(driver.reached).toEqual([]);
  });

  test.each(['h2c', 'TLS/1.0'])('an upgrade to %s is not made', async (protocol) => {
    await open(ok);
    const connection = await driver.connect();
    connection.send(
      `GET /vms/a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAA\r\n\r\n`,
    );
    await expect.poll(() => connection.received).toMatch(/ok$/);
    expect(parsed(connection.received).status).toBe(200);
    const { upgrade, connection: hop } = driver.reached[0]?.headers ?? {};
    expect([upgrade, hop, driver.reached[0]?.headers['http2-settings']]).toEqual([
      undefined,
      'keep-alive',
      undefined,
    ]);
  });
});

describe('Expect: 100-continue', () => {
  const head = (length: number): string =>
    `POST /vms/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  test('is answered, and not passed on', async () => {
    await open(ok);
    const connection = await driver.connect();
    connection.send(head(2));
    await expect.poll(() => connection.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    connection.send('ab');
    await expect.poll(() => connection.received).toMatch(/HTTP\/1\.1 200 OK[\s\S]*ok$/);
    expect(driver.reached[0]?.headers.expect).toBeUndefined();
  });

  test.each<[string, Parameters<typeof GatewayDriver.open>[1], number]>([
    ['too large', { uploadLimit: 10 }, 413],
    ['too many at a time', { maxInFlight: 0 }, 503],
  ])('of a body that is %s is refused before the body is sent', async (_, options, status) => {
    await open(ok, options);
    const connection = await driver.connect();
    connection.send(head(20));
    await expect.poll(() => connection.received).toMatch(/\}$/);
    const answer = parsed(connection.received);
    expect([answer.status, answer.headers.get('connection')]).toEqual([status, 'close']);
    expect(driver.reached).toEqual([]);
    connection.socket.end();
    await connection.closed;
  });

  test('is heeded where nothing is proxied, too', async () => {
    await open(ok, {
      mount: (app) => void app.post('/own', async (c) => c.text(`had ${await c.req.text()}`)),
    });
    const connection = await driver.connect();
    connection.send(head(2).replace('/vms/a', '/own'));
    await expect.poll(() => connection.received).toContain('100 Continue');
    connection.send('ab');
    await expect.poll(() => connection.received).toMatch(/had ab/);
  });
});

describe('what is asked for', () => {
  test.each([
    ...[
      '/vms/a/../b',
      '/vms/./a',
      '/vms/..',
      '/vms/%2e%2e/admin',
      '/vms/%2E%2e/admin',
      '/vms/.%2e/admin',
      '/vms/%2e/a',
    ],
    ...[
      '/vms/a%2fb',
      '/vms/a%2Fb',
      '/vms/a%5cb',
      '/vms/a\\b',
      '/vms/a\\..\\b',
      '/videofiles/%2e%2e/a',
      '/x/../vms/a',
    ],
    ...['http://h/vms/../b', '/vms/..?a', '/vms/a/..;/b', '/vms/a/%2e%2e;x/b'],
  ])('is refused as %s', async (target) => {
    await open(ok);
    const answer = parsed(await driver.raw(`GET ${target} HTTP/1.1\r\n${closing}\r\n`));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(driver.reached).toEqual([]);
  });

  test.each([
    ['/vms/a?b=/../c%2f\\', '/a?b=/../c%2f\\'],
    ['/vms/a%20b', '/a%20b'],
    ['/vms//a///b', '//a///b'],
    ['/vms/...', '/...'],
    ['/vms/a..b', '/a..b'],
    ['/vms', '/'],
    ['/vms?a=1', '/?a=1'],
    ['/vms/', '/'],
    ['http://h/vms/a?b', '/a?b'],
    ['/vms/%e9', '/%e9'],
  ])('goes on as it is: %s', async (target, forwarded) => {
    await open(ok);
    expect(parsed(await driver.raw(`GET ${target} HTTP/1.1\r\n${closing}\r\n`)).status).toBe(200);
    expect(driver.reached.map(({ url }) => url)).toEqual([forwarded]);
  });

  test.each(['TRACE', 'PROPFIND', 'PURGE'])('%s is for nothing here', async (method) => {
    await open(ok);
    const answer = parsed(await driver.raw(`${method} /vms/a HTTP/1.1\r\n${closing}Cookie: secret\r\n\r\n`));
    expect([answer.status, answer.headers.get('allow')]).toEqual([
      405,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
    expect(answer.body).not.toContain('secret');
    expect(driver.reached).toEqual([]);
  });
});
