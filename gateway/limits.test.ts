import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { addressOf } from './client.js';
import { GatewayDriver, parsed } from './driver.fixture.js';
import { RateLimit } from './rate-limit.js';

let driver: GatewayDriver;
afterEach(() => driver?.[Symbol.asyncDispose]());

describe('the rate of a client', () => {
  test('is as many at once as the burst, and then as many as come in', () => {
    const limit = new RateLimit({ perSecond: 2, burst: 3 });
    expect([0, 0, 0, 0].map((at) => limit.take('a', at))).toEqual([0, 0, 0, 500]);
    expect(limit.take('a', 250)).toBe(250);
    expect(limit.take('a', 500)).toBe(0);
    expect(limit.take('a', 500)).toBe(500);
    // Never more than the burst, however long it was quiet.
    expect([1e6, 1e6, 1e6, 1e6].map((at) => limit.take('a', at))).toEqual([0, 0, 0, 500]);
  });

  test('is its own', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 });
    expect([limit.take('a', 0), limit.take('b', 0), limit.take('a', 0)]).toEqual([0, 0, 1_000]);
  });

  test.each([
    ['2001:db8::1', '2001:db8::2', true],
    ['2001:db8::1', '2001:db8:0:0:ffff::1', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['::1', '::2', true],
    ['fe80::', 'fe81::', false],
    ['1.2.3.4', '1.2.3.5', false],
  ])('of %s and %s is one: %s', (one, other, same) => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 });
    limit.take(one, 0);
    expect(limit.take(other, 0) > 0).toBe(same);
  });

  test('is forgotten of who was quiet for longest, where there are too many', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 }, 3);
    for (const client of ['a', 'b', 'a', 'c', 'd']) limit.take(client, 0);
    expect(limit.size).toBe(3);
    expect([limit.take('a', 0), limit.take('b', 0)]).toEqual([1_000, 0]);
  });

  test('is kept at the door, and said', async () => {
    let now = 0;
    driver = await GatewayDriver.open((_, outgoing) => outgoing.end('ok'), {
      ...{ rate: { perSecond: 0.4, burst: 2 }, monotonic: () => now },
    });
    const ask = async (path: string): Promise<Response> => {
      const answer = await fetch(driver.front.url + path);
      await answer.clone().text();
      return answer;
    };
    expect([(await ask('/vms/videos')).status, (await ask('/videofiles/a/b')).status]).toEqual([200, 404]);
    const refused = await ask('/vms/videos');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
    expect(await refused.json()).toMatchObject({
      status: 429,
      detail: expect.stringContaining('0.4 requests'),
    });
    expect((await ask('/videofiles/a/b')).status).toBe(429);
    // Whoever watches it is no client.
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200);
    now = 2_500;
    expect((await ask('/vms/videos')).status).toBe(200);
    expect(driver.reached).toHaveLength(2);
    expect(await driver.metric('tidemark_gateway_refused_total')).toContain('{reason="rate"} 2');
    await expect
      .poll(() => driver.metric('http_requests_total'))
      .toContain('route="/vms/videos",method="GET",status="429"} 1');
  });
});

describe('requests that a service is busy with', () => {
  test('are bounded, uploads too; more are told when to come again, and room is given back', async () => {
    const held = new Map<string, () => void>();
    driver = await GatewayDriver.open(
      (incoming, outgoing) => {
        incoming.resume();
        held.set(incoming.url ?? '', () => outgoing.end('ok'));
      },
      { maxInFlight: 2 },
    );
    const upload = request({ port: driver.front.port, path: '/vms/videos/1', method: 'POST', agent: false });
    upload.on('error', () => undefined).write('half');
    const first = fetch(`${driver.front.url}/vms/videos`);
    await expect.poll(() => held.size).toBe(2);
    expect(await driver.metric('tidemark_gateway_in_flight')).toContain('tidemark_gateway_in_flight 2');
    for (const body of [undefined, 'x'.repeat(1_000_000)]) {
      const refused = await fetch(`${driver.front.url}/vms/videos`, {
        method: 'POST',
        ...(body ? { body } : {}),
      });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(await refused.json()).toMatchObject({ status: 503 });
    }
    expect(driver.reached).toHaveLength(2);
    expect(await driver.metric('tidemark_gateway_refused_total')).toContain('{reason="in_flight"} 2');
    // Published files are not behind that service.
    expect((await fetch(`${driver.front.url}/videofiles/a/b`)).status).toBe(404);
    // One is answered, the other's client goes away.
    held.get('/videos')?.();
    expect(await (await first).text()).toBe('ok');
    upload.destroy();
    await expect
      .poll(() => driver.metric('tidemark_gateway_in_flight'))
      .toContain('tidemark_gateway_in_flight 0');
    const [one, two] = [fetch(`${driver.front.url}/vms/a`), fetch(`${driver.front.url}/vms/b`)];
    await expect.poll(() => held.size).toBe(4);
    for (const end of held.values()) end();
    expect([(await one).status, (await two).status]).toEqual([200, 200]);
  });

  test('are none any more, however they ended', async () => {
    driver = await GatewayDriver.open(
      (incoming, outgoing) => {
        if (incoming.url === '/slow') return;
        if (incoming.url === '/cut') outgoing.destroy();
        else if (incoming.url === '/half') outgoing.write('half', () => outgoing.destroy());
        else incoming.resume().on('end', () => outgoing.end('ok'));
      },
      { timeoutMs: 50, uploadLimit: 10 },
    );
    const post = { method: 'POST', body: 'x'.repeat(20) };
    for (const [path, init] of [
      ['slow', {}],
      ['cut', {}],
      ['half', {}],
      ['ok', {}],
      ['large', post],
    ] as const)
      await fetch(`${driver.front.url}/vms/${path}`, init)
        .then((answer) => answer.text())
        .catch(() => 'cut');
    await driver.raw('POST /vms/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz');
    await driver.raw('POST /vms/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab');
    await expect
      .poll(() => driver.metric('tidemark_gateway_in_flight'))
      .toContain('tidemark_gateway_in_flight 0');
  });
});

describe('who asks', () => {
  test.each([
    ['1.2.3.4', '1.2.3.4'],
    [' 1.2.3.4:80 ', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['[2001:DB8::1]:80', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', null],
    ['', null],
    ['1.2.3', null],
  ])('%j is the address %s', (text, expected) => {
    expect(addressOf(text)).toBe(expected);
  });

  const said = [
    ...['X-Forwarded-For: 6.6.6.6, 10.0.0.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example'],
    ...['X-Forwarded-Port: 443', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6'],
  ];
  const ask = async (trustedProxies: readonly string[], headers = said): Promise<Record<string, unknown>> => {
    driver = await GatewayDriver.open((_, outgoing) => outgoing.end('ok'), { trustedProxies });
    await driver.raw(
      `GET /vms/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`,
    );
    return driver.reached[0]?.headers ?? {};
  };

  test.each([[[]], [['10.0.0.0/8', '::1']]])(
    'is not what the client says, where %j are trusted',
    async (trusted) => {
      const headers = await ask(trusted);
      expect(headers).toMatchObject({
        ...{ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'h' },
      });
      expect(headers['x-real-ip']).toBe('127.0.0.1');
      for (const name of ['forwarded', 'x-forwarded-port']) expect(headers[name]).toBeUndefined();
    },
  );

  test('is what a trusted proxy says, to which it is added', async () => {
    expect(await ask(['127.0.0.0/8'])).toMatchObject({
      ...{ 'x-forwarded-for': '6.6.6.6, 10.0.0.1, 127.0.0.1', 'x-forwarded-proto': 'https' },
      ...{ 'x-forwarded-host': 'shop.example', 'x-forwarded-port': '443', forwarded: 'for=6.6.6.6' },
      // The one that was there before it met proxies that are trusted.
      'x-real-ip': '10.0.0.1',
    });
  });

  test('is the proxy itself where it says nothing', async () => {
    expect(await ask(['127.0.0.1'], ['X: 1'])).toMatchObject({
      ...{ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'h' },
    });
  });

  test.each<[string, readonly string[], readonly string[], number]>([
    ['by what an untrusted one says', [], ['1.1.1.1', '2.2.2.2'], 429],
    [
      'by the last that is no proxy',
      ['127.0.0.1', '10.0.0.0/8'],
      ['9.9.9.9, 1.1.1.1, 10.1.1.1', '8.8.8.8, 1.1.1.1'],
      429,
    ],
    ['apart for two clients', ['127.0.0.1'], ['1.1.1.1', '2.2.2.2'], 200],
    ['by the proxy, where it says nonsense', ['127.0.0.1'], ['x', 'y'], 429],
  ])('is limited %s', async (_, trustedProxies, forwarded, status) => {
    driver = await GatewayDriver.open((__, outgoing) => outgoing.end('ok'), {
      ...{ trustedProxies, rate: { perSecond: 0.001, burst: 1 } },
    });
    const statuses: number[] = [];
    for (const one of forwarded) {
      const sent = `GET /vms/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: ${one}\r\n\r\n`;
      statuses.push(parsed(await driver.raw(sent)).status);
    }
    expect(statuses).toEqual([200, status]);
  });
});
