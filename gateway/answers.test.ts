import { once } from 'node:events';
import { type RequestListener, request } from 'node:http';
import { type AddressInfo, createServer as createRaw, type Socket } from 'node:net';
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

describe('answers', () => {
  test.each<[string, string, RequestListener, number, RegExp]>([
    [
      'HEAD with a length',
      'HEAD',
      (_, o) => void o.writeHead(200, { 'content-length': '10' }).end(),
      200,
      /content-length: 10\r\n(?:.+\r\n)*\r\n$/i,
    ],
    ['HEAD without one', 'HEAD', (_, o) => void o.writeHead(200).end(), 200, /\r\n\r\n$/],
    ['204', 'GET', (_, o) => void o.writeHead(204).end(), 204, /\r\n\r\n$/],
    [
      '304 with a length',
      'GET',
      (_, o) => void o.writeHead(304, { etag: '"a"', 'content-length': '10' }).end(),
      304,
      /etag: "a"\r\n(?:.+\r\n)*\r\n$/,
    ],
    ['a 404', 'GET', (_, o) => void o.writeHead(404).end('no'), 404, /no\r\n/],
    [
      'one that is empty',
      'GET',
      (_, o) => void o.writeHead(200, { 'content-length': '0' }).end(),
      200,
      /content-length: 0\r\n(?:.+\r\n)*\r\n$/,
    ],
  ])('%s: comes through as it is', async (_, method, answer, status, whole) => {
    await open(answer);
    const received = await driver.raw(`${method} /vms/a HTTP/1.1\r\n${closing}\r\n`);
    expect(parsed(received).status).toBe(status);
    expect(received).toMatch(whole);
    // And the connection goes on with the next one.
    const connection = await driver.connect();
    const sent = `${method} /vms/a HTTP/1.1\r\nHost: h\r\n\r\n`;
    connection.send(sent);
    await expect.poll(() => connection.received).toMatch(/\r\n\r\n/);
    connection.send(sent.replace('Host: h', closing.trim()));
    const both = await connection.closed;
    expect(both.match(/HTTP\/1\.1 (\d+)/g)).toEqual([`HTTP/1.1 ${status}`, `HTTP/1.1 ${status}`]);
  });

  const early: RequestListener = (_, outgoing) => {
    outgoing.writeEarlyHints({ link: '</a.css>; rel=preload' });
    outgoing.end('ok');
  };
  test('103 goes on, and is not taken for the answer', async () => {
    await open(early);
    const answer = await driver.raw(`GET /vms/a HTTP/1.1\r\n${closing}\r\n`);
    expect(answer).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    );
  });
  test('103 does not go to HTTP/1.0', async () => {
    await open(early);
    expect(await driver.raw('GET /vms/a HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  const trailing: RequestListener = (_, outgoing) => {
    outgoing.writeHead(200, { trailer: 'x-sum' });
    outgoing.write('body');
    outgoing.addTrailers({ 'x-sum': '7', 'set-cookie': 'a' });
    outgoing.end();
  };
  test.each<[string, string, RegExp]>([
    [
      'go to who wants them, but for what frames or decides',
      'TE: trailers\r\n',
      /body\r\n0\r\nx-sum: 7\r\n\r\n$/,
    ],
    ['do not go to others', '', /body\r\n0\r\n\r\n$/],
  ])('trailers %s', async (_, te, end) => {
    await open(trailing);
    expect(await driver.raw(`GET /vms/a HTTP/1.1\r\n${closing}${te}\r\n`)).toMatch(end);
  });

  test('trailers of a request are left out, and are never headers', async () => {
    await open(ok);
    const sent = `POST /vms/a HTTP/1.1\r\n${closing}Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n2\r\nab\r\n0\r\nAuthorization: x\r\n\r\n`;
    expect(parsed(await driver.raw(sent)).status).toBe(200);
    const [reached] = driver.reached;
    expect([reached?.headers.authorization, reached?.rawTrailers, reached?.complete]).toEqual([
      undefined,
      [],
      true,
    ]);
  });

  test('the head of an event stream does not wait for its first event', async () => {
    await open((_, outgoing) =>
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
    );
    const connection = await driver.connect();
    connection.send('GET /vms/a HTTP/1.1\r\nHost: h\r\n\r\n');
    await expect
      .poll(() => connection.received)
      .toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*text\/event-stream[\s\S]*\r\n\r\n$/);
  });
});

describe('a connection upstream that has just died', () => {
  /** Answers each connection's first request, and cuts the connection at its second. */
  const cutting = async () => {
    const heads: string[] = [];
    const server = createRaw((socket: Socket) => {
      let served = 0;
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          heads.push(String(data).split('\r\n', 1)[0] ?? '');
          if (++served === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.destroy();
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open(ok, { vms: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, maxInFlight: 1 });
    return { heads, close: () => void server.close() };
  };
  const ask = (method: string, body?: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-length': body.length };
      const asked = request(
        { port: driver.front.port, path: '/vms/a', method, headers, agent: false },
        (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode));
        },
      );
      asked.on('error', reject).end(body);
    });

  test.each(['GET', 'HEAD', 'OPTIONS'])('%s is tried once more', async (method) => {
    const { heads, close } = await cutting();
    // HEAD has no body, whose bytes would be read as the next answer.
    expect(await ask('GET')).toBe(200);
    if (method === 'HEAD') expect(await ask('HEAD').catch(() => 0)).toBeTypeOf('number');
    else expect(await ask(method)).toBe(200);
    expect(heads.slice(0, 3).map((head) => head.split(' ')[0])).toEqual(['GET', method, method]);
    close();
  });

  test.each<[string, string | undefined]>([
    ['POST', 'a'],
    ['POST', undefined],
    ['DELETE', undefined],
    ['PATCH', 'a'],
    ['GET', 'a'],
  ])('%s with %s is not', async (method, body) => {
    const { heads, close } = await cutting();
    expect(await ask('GET')).toBe(200);
    expect(await ask(method, body)).toBe(502);
    expect(heads.filter((head) => head.endsWith('HTTP/1.1'))).toHaveLength(2);
    close();
  });

  test('is tried once more only', async () => {
    const heads: string[] = [];
    const server = createRaw((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          heads.push(String(data));
          socket.destroy();
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open(ok, { vms: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect(await ask('GET')).toBe(502);
    expect(heads).toHaveLength(2);
    server.close();
  });
});
