import { once } from 'node:events';
import { createServer as createRaw } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { GatewayDriver, parsed } from './driver.fixture.js';

let driver: GatewayDriver;
afterEach(() => driver[Symbol.asyncDispose]());
const soon = { headMs: 100, idleMs: 100 };
const took = async (since: number): Promise<number> => performance.now() - since;

describe('a client that is slow, or only seems to be there', () => {
  test.each<[string, string]>([
    ['never begins', ''],
    ['never ends its head', 'GET /vms/a HTTP/1.1\r\nHost: h\r\nX'],
    ['never ends its request line', 'GET /vms/a'],
  ])('and %s, is told so and cut off', async (_, sent) => {
    driver = await GatewayDriver.open((__, outgoing) => outgoing.end('ok'), { server: soon });
    const since = performance.now();
    const answer = parsed(await driver.raw(sent));
    expect([answer.status, answer.headers.get('connection')]).toEqual([408, 'close']);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 408 });
    expect(await took(since)).toBeLessThan(5_000);
    expect(driver.reached).toEqual([]);
    await expect
      .poll(() => driver.lines)
      .toMatchObject([{ status: 408, requestId: answer.headers.get('x-request-id') }]);
  });

  test('and sends its head byte by byte, is cut off at the same time', async () => {
    driver = await GatewayDriver.open((_, outgoing) => outgoing.end('ok'), { server: soon });
    const connection = await driver.connect();
    connection.send('GET /vms/a HTTP/1.1\r\nHost: h\r\n');
    const drip = setInterval(() => connection.send('X: 1\r\n'), 10);
    const answer = await connection.closed;
    clearInterval(drip);
    expect(parsed(answer).status).toBe(408);
  });

  test.each<[string, string]>([
    ['declared', 'Content-Length: 10\r\n\r\n'],
    ['declared, of which half comes', 'Content-Length: 10\r\n\r\nhalf'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n'],
    ['chunked, of which half comes', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['in a chunk that does not end', 'Transfer-Encoding: chunked\r\n\r\n8\r\nhalf'],
  ])(
    'and does not send its body, %s, is told so and cut off, and the upstream is let go',
    async (_, rest) => {
      driver = await GatewayDriver.open((incoming) => void incoming.resume(), { timeoutMs: 100 });
      const since = performance.now();
      const answer = parsed(await driver.raw(`POST /vms/a HTTP/1.1\r\nHost: h\r\n${rest}`));
      expect([answer.status, answer.headers.get('connection')]).toEqual([408, 'close']);
      expect(await took(since)).toBeLessThan(5_000);
      await expect.poll(() => driver.reached.every(({ destroyed }) => destroyed)).toBe(true);
      expect(driver.reached.filter(({ complete }) => complete)).toEqual([]);
      await expect.poll(() => driver.metric('tidemark_gateway_in_flight')).toContain('in_flight 0');
    },
  );

  test('and sends its body bit by bit, but goes on, is served', async () => {
    driver = await GatewayDriver.open(
      (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end('ok')),
      { timeoutMs: 200 },
    );
    const connection = await driver.connect();
    connection.send('POST /vms/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 20\r\n\r\n');
    let sent = 0;
    const since = performance.now();
    const drip = setInterval(() => {
      if (sent++ < 20) connection.send('x');
      else clearInterval(drip);
    }, 20);
    expect(parsed(await connection.closed).status).toBe(200);
    // It took longer in all than any pause may.
    expect(await took(since)).toBeGreaterThan(200);
  });

  test('and asks for nothing more, is let go', async () => {
    driver = await GatewayDriver.open((_, outgoing) => outgoing.end('ok'), { server: soon });
    const connection = await driver.connect();
    connection.send('GET /vms/a HTTP/1.1\r\nHost: h\r\n\r\n');
    const since = performance.now();
    expect(parsed(await connection.closed).status).toBe(200);
    expect(await took(since)).toBeLessThan(5_000);
  });

  test('and reads nothing, fills no memory; the upstream waits, and is let go in the end', async () => {
    let written = 0;
    let gone = false;
    const chunk = Buffer.alloc(64 * 1024);
    driver = await GatewayDriver.open(
      (_, outgoing) => {
        const fill = (): void => {
          do written += chunk.length;
          while (outgoing.write(chunk));
        };
        outgoing.on('drain', fill).on('close', () => {
          gone = true;
        });
        fill();
      },
      { timeoutMs: 1_000 },
    );
    const connection = await driver.connect();
    connection.socket.pause();
    connection.send('GET /vms/a HTTP/1.1\r\nHost: h\r\n\r\n');
    await expect.poll(() => gone).toBe(true);
    // What the sockets of the system hold, on both legs, and no more.
    expect(written).toBeLessThan(40_000_000);
    connection.socket.resume();
    await connection.closed;
    expect(driver.lines).toMatchObject([{ status: 200, cut: true }]);
  });
});

describe('a client that goes away', () => {
  const half = 500;

  test('in the middle of its upload: the upstream hears of it within half a second', async () => {
    let got = '';
    driver = await GatewayDriver.open((incoming) => {
      incoming.setEncoding('utf8').on('data', (text) => {
        got += text;
      });
      incoming.on('error', () => undefined);
    });
    const connection = await driver.connect();
    connection.send('POST /vms/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    await expect.poll(() => got).toBe('half');
    const [reached] = driver.reached;
    if (!reached) throw new Error('nothing has come');
    const since = performance.now();
    connection.socket.resetAndDestroy();
    await new Promise((resolve) => reached.once('close', resolve));
    expect(await took(since)).toBeLessThan(half);
    expect(reached.complete).toBe(false);
    await expect.poll(() => driver.lines).toMatchObject([{ status: 499, requestBytes: 4, cut: true }]);
  });

  test.each(['before', 'in the middle of'])(
    '%s its answer: the upstream hears of it within half a second',
    async (when) => {
      let closed: Promise<unknown> = Promise.resolve();
      driver = await GatewayDriver.open((_, outgoing) => {
        closed = once(outgoing, 'close');
        if (when !== 'before') outgoing.write('half');
      });
      const connection = await driver.connect();
      connection.send('GET /vms/a HTTP/1.1\r\nHost: h\r\n\r\n');
      await expect.poll(() => driver.reached.length).toBe(1);
      if (when !== 'before') await expect.poll(() => connection.received).toContain('half');
      const since = performance.now();
      connection.socket.destroy();
      await closed;
      expect(await took(since)).toBeLessThan(half);
    },
  );
});

describe('an upstream that is not as it should be', () => {
  test.each<[string, string, number]>([
    ['speaks no HTTP', 'SSH-2.0-x\r\n', 502],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 502],
    ['says nothing', '', 502],
    [
      'switches protocols unasked',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      502,
    ],
  ])('and %s: 502', async (_, said, status) => {
    const server = createRaw(
      (socket) => void socket.on('error', () => undefined).on('data', () => socket.end(said)),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    driver = await GatewayDriver.open(() => undefined, { vms: `http://127.0.0.1:${port}` });
    const answer = parsed(await driver.raw('GET /vms/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.body).not.toContain(String(port));
    expect(driver.lines).toMatchObject([{ status, error: expect.stringMatching(/./) }]);
    server.close();
  });

  test('and ends in the middle of its answer: the client sees that it is not whole', async () => {
    driver = await GatewayDriver.open((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '10' }).write('half', () => outgoing.destroy());
    });
    const answer = await fetch(`${driver.front.url}/vms/a`);
    await expect(answer.text()).rejects.toThrow();
    await expect
      .poll(() => driver.lines)
      .toMatchObject([{ status: 200, cut: true, error: expect.any(String) }]);
  });
});
