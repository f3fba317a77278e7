import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayDriver, parsed } from './driver.fixture.js';

const line = 'POST /vms/a HTTP/1.1\r\n';
const post = `${line}Host: h\r\n`;
const get = 'GET /vms/a HTTP/1.1\r\nHost: h\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const smuggled = 'GET /vms/smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
const many = 'a'.repeat(20_000);

/** What it is, what is sent, and the statuses other than 400 that it may get. */
const cases: readonly (readonly [string, string, number?])[] = [
  [
    'Content-Length, then Transfer-Encoding',
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding, then Content-Length',
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  ['two equal Content-Length', `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab`],
  ['two different Content-Length', `${post}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n`],
  ['a list as Content-Length', `${post}Content-Length: 2, 2\r\n\r\nab`],
  ['a signed Content-Length', `${post}Content-Length: +2\r\n\r\nab`],
  ['a negative Content-Length', `${post}Content-Length: -2\r\n\r\nab`],
  ['a hexadecimal Content-Length', `${post}Content-Length: 0x2\r\n\r\nab`],
  ['a Content-Length with a space', `${post}Content-Length: 1 2\r\n\r\nab`],
  ['an empty Content-Length', `${post}Content-Length:\r\n\r\n`],
  ['a Content-Length beyond 64 bits', `${post}Content-Length: 18446744073709551617\r\n\r\na`],
  ['line feeds alone', 'POST /vms/a HTTP/1.1\nHost: h\n\n'],
  ['a line feed alone after a header', 'GET /vms/a HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n'],
  ['a carriage return alone in a header', 'GET /vms/a HTTP/1.1\r\nHost: h\rX: 1\r\n\r\n'],
  ['a line feed alone at the end of the head', 'GET /vms/a HTTP/1.1\r\nHost: h\r\n\n'],
  ['a folded header', `${get}X: 1\r\n 2\r\n\r\n`],
  ['a folded Transfer-Encoding', `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', `${post}Content-Length : 2\r\n\r\nab`],
  ['a space before the first header', 'GET /vms/a HTTP/1.1\r\n Host: h\r\n\r\n'],
  ['a header without a colon', `${get}X\r\n\r\n`],
  ['a header without a name', `${get}: 1\r\n\r\n`],
  ['a header that is too large', `${get}X: ${many}\r\n\r\n`, 431],
  ['headers that are too large together', `${get}${`X: ${'a'.repeat(900)}\r\n`.repeat(30)}\r\n`, 431],
  ['headers that are too many', `${get}${'X: 1\r\n'.repeat(101)}\r\n`, 431],
  ['headers beyond those that node keeps', `${get}${'X: 1\r\n'.repeat(2_100)}Host: i\r\n\r\n`, 431],
  ['a target that is too large', `GET /vms/${many} HTTP/1.1\r\nHost: h\r\n\r\n`, 431],
  ['a method that is no token', 'G@T /vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a method that nobody knows', 'BREW /vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a method in small letters', 'get /vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['HTTP/1.2', 'GET /vms/a HTTP/1.2\r\nHost: h\r\n\r\n'],
  ['HTTP/2.0 in a line', 'GET /vms/a HTTP/2.0\r\nHost: h\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/0.9', 'GET /vms/a\r\n\r\n'],
  ['HTTP/0.9 with its name', 'GET /vms/a HTTP/0.9\r\nHost: h\r\n\r\n'],
  ['a tab after the method', 'GET\t/vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a space in the target', 'GET /vms/a b HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['no Host', 'GET /vms/a HTTP/1.1\r\n\r\n'],
  ['two Hosts', `${get}Host: i\r\n\r\n`],
  ['two equal Hosts', `${get}Host: h\r\n\r\n`],
  ['an empty Host', 'GET /vms/a HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path', 'GET /vms/a HTTP/1.1\r\nHost: h/b\r\n\r\n'],
  ['a Host with a user', 'GET /vms/a HTTP/1.1\r\nHost: a@h\r\n\r\n'],
  ['a Host that is a list', 'GET /vms/a HTTP/1.1\r\nHost: h, i\r\n\r\n'],
  ['NUL in a header', `${get}X: a\0b\r\n\r\n`],
  ['NUL in the name of a header', `${get}X\0: a\r\n\r\n`],
  ['a control character in a header', `${get}X: a\x01b\r\n\r\n`],
  ['DEL in a header', `${get}X: a\x7fb\r\n\r\n`],
  ['NUL in the target', 'GET /vms/a\0b HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a byte beyond ASCII in the target', 'GET /vms/\xe9 HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a fragment', 'GET /vms/a#b HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a target without a slash', 'GET vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['an asterisk as target', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a target of another scheme', 'GET ftp://h/vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a target that names another host', 'GET http://i/vms/a HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['CONNECT', 'CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n', 405],
  ['another expectation', `${post}Expect: gold\r\nContent-Length: 1\r\n\r\na`, 417],
  ['gzip as Transfer-Encoding', `${post}Transfer-Encoding: gzip\r\n\r\n`],
  ['gzip and chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked and gzip', `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ['chunked twice in one', `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  [
    'identity and chunked',
    `${post}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['xchunked', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['an empty Transfer-Encoding', `${post}Transfer-Encoding:\r\n\r\n`],
  ['chunked in quotes', `${post}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ['chunked behind a vertical tab', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['chunked in HTTP/1.0', 'POST /vms/a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a negative size of a chunk', `${chunked}-2\r\nab\r\n0\r\n\r\n`],
  ['a size of a chunk beyond 64 bits', `${chunked}10000000000000002\r\nab\r\n0\r\n\r\n`],
  ['a size of a chunk with 0x', `${chunked}0x2\r\nab\r\n0\r\n\r\n`],
  ['a size of a chunk with a space', `${chunked}2 \r\nab\r\n0\r\n\r\n`],
  ['a size of a chunk behind a space', `${chunked} 2\r\nab\r\n0\r\n\r\n`],
  ['no size of a chunk', `${chunked}\r\nab\r\n0\r\n\r\n`],
  ['a line feed alone after a size', `${chunked}2\nab\r\n0\r\n\r\n`],
  ['a line feed alone in an extension', `${chunked}2;\nab\r\n0\r\n\r\n`],
  ['an extension that does not end its quotes', `${chunked}2;a="b\r\nab\r\n0\r\n\r\n`],
  ['an extension that is too large', `${chunked}2;${many}\r\nab\r\n0\r\n\r\n`, 413],
  ['a chunk that is longer than it says', `${chunked}2\r\nabcd\r\n0\r\n\r\n`],
  ['a chunk that does not end', `${chunked}2\r\nab0\r\n\r\n`],
  ['a line feed alone after a chunk', `${chunked}2\r\nab\n0\r\n\r\n`],
  ['a line feed alone at the end', `${chunked}0\r\n\n`],
  ['trailers that are too large', `${chunked}0\r\nX: ${many}\r\n\r\n`, 431],
  ['no HTTP at all', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
];

describe('a request that could be read in more ways than one', () => {
  let driver: GatewayDriver;
  beforeAll(async () => {
    driver = await GatewayDriver.open((incoming, outgoing) => {
      incoming.resume().on('end', () => outgoing.end('reached'));
    });
  });
  afterAll(() => driver[Symbol.asyncDispose]());

  test.each(cases)('%s: is refused, and nothing behind it is taken', async (_, sent, status = 400) => {
    driver.reached.length = 0;
    driver.lines.length = 0;
    const answer = parsed(await driver.raw(sent + smuggled));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('connection')).toBe('close');
    // One answer, and nothing behind it.
    expect(JSON.parse(answer.body)).toMatchObject({ status, detail: expect.stringMatching(/./) });
    expect(driver.reached).toEqual([]);
    const requestId = answer.headers.get('x-request-id');
    expect(requestId).toMatch(/^made-/);
    await expect.poll(() => driver.lines).toMatchObject([{ component: 'gateway', requestId, status }]);
  });

  test.each<[string, string]>([
    ['an extension', `${chunked}2;a=b\r\nab\r\n0\r\n\r\n`],
    ['a trailer', `${chunked}2\r\nab\r\n0\r\nX: 1\r\n\r\n`],
    ['nothing', `${post}Content-Length: 0\r\n\r\n`],
    ['an empty line before it', `\r\n${get}\r\n`],
    ['obs-text in a header', `${get}X: \xe9\r\n\r\n`],
    ['a host of its own in the target', 'GET http://H:80/vms/a HTTP/1.1\r\nHost: h:80\r\n\r\n'],
    ['a Host of IPv6', 'GET /vms/a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n'],
  ])('with %s is none, and is taken', async (_, sent) => {
    driver.reached.length = 0;
    const connection = await driver.connect();
    connection.send(sent);
    await expect.poll(() => connection.received).toContain('reached');
    expect(connection.received).toMatch(/^HTTP\/1\.1 200 /);
    const { port } = driver.upstream.address() as AddressInfo;
    expect(driver.reached.map(({ url, headers }) => [url, headers.host])).toEqual([
      ['/a', `127.0.0.1:${port}`],
    ]);
    expect(driver.reached[0]?.headers.x).toBe(sent.includes('\xe9') ? '\xe9' : undefined);
  });

  test('behind a good one, the good one is answered, and the connection ends', async () => {
    driver.reached.length = 0;
    const answer = await driver.raw(`${get}\r\n${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(answer.endsWith('reached')).toBe(true);
    expect(driver.reached.map(({ url }) => url)).toEqual(['/a']);
  });

  test('at a file, and is refused and counted once', async () => {
    driver.lines.length = 0;
    const sent = 'GET /videofiles/a/b.mpd HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    const answer = parsed(await driver.raw(sent + smuggled));
    expect([answer.status, answer.headers.get('connection')]).toEqual([400, 'close']);
    await expect.poll(() => driver.lines).toMatchObject([{ status: 400, route: '/videofiles/:id/:file' }]);
  });

  test('in a later chunk, the upstream never gets a whole body', async () => {
    driver.reached.length = 0;
    const connection = await driver.connect();
    connection.send(`${chunked}2\r\nab\r\n`);
    await expect.poll(() => driver.reached.length).toBe(1);
    connection.send(`zz\r\n${smuggled}`);
    const answer = parsed(await connection.closed);
    expect([answer.status, JSON.parse(answer.body).status]).toEqual([400, 400]);
    await expect.poll(() => driver.reached[0]?.destroyed).toBe(true);
    expect(driver.reached.map(({ complete }) => complete)).toEqual([false]);
  });
});
