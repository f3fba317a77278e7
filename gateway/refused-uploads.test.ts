import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, serve } from '../platform/http/serve.js';
import { ada, basic, Driver, json } from '../video/vms/driver.fixture.js';
import { createGateway } from './gateway.js';

const SIZE = 20_000_000;
const bob = { name: 'Bob', email: 'bob@example.org', password: 'bob' };

describe('a large upload that video management refuses early', () => {
  let driver: Driver;
  let front: Listening;
  let id: string;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    driver = await Driver.open();
    const vms = driver.vms();
    const listen = (fetch: unknown): Promise<Listening> =>
      serve({ fetch: fetch as never, host: '127.0.0.1', port: 0 });
    const back = await listen(vms.app.fetch);
    const gateway = createGateway({
      vms: back.url,
      videoFiles: driver.folders.published,
      registry: new Registry(),
      newId: () => 'made',
      monotonic: () => performance.now(),
    });
    front = await listen(gateway.fetch);
    closing.push(
      () => front.close(0),
      () => gateway.close(),
      () => back.close(0),
    );
    for (const user of [ada, bob]) await fetch(`${front.url}/vms/users/register`, json(user));
    const video = json({ name: 'Tides', author: 'Ada' }, basic(ada.email, ada.password));
    ({ id } = (await (await fetch(`${front.url}/vms/videos`, video)).json()) as { id: string });
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await driver[Symbol.asyncDispose]();
  });

  /** Sends all of it before it reads anything; resolves to the status line. */
  const upload = async (path: string, headers: Record<string, string>, chunk: Buffer): Promise<string> => {
    const socket = connect(front.port, '127.0.0.1');
    await once(socket, 'connect');
    const lines = Object.entries({ host: 'h', connection: 'close', ...headers });
    socket.write(
      `POST ${path} HTTP/1.1\r\n${lines.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`,
    );
    const framed = 'content-length' in headers ? chunk : chunked(chunk);
    for (let at = 0; at < SIZE; at += chunk.length) if (!socket.write(framed)) await once(socket, 'drain');
    if (framed !== chunk) socket.write('0\r\n\r\n');
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    return Buffer.concat(parts).toString().split('\r\n', 1)[0] ?? '';
  };
  const chunked = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

  const form = { 'content-type': 'multipart/form-data; boundary=xyz' };
  const head = '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n';
  const text = Buffer.from(head.padEnd(100_000, 'no film '));
  const owner = basic(ada.email, ada.password);
  const cases: [string, number, Record<string, string>, Buffer][] = [
    ['without credentials', 401, form, text],
    ['of somebody else', 403, { ...form, ...basic(bob.email, bob.password) }, text],
    ['of another type', 415, { 'content-type': 'video/mp4', ...owner }, text],
    ['of no mp4', 415, { ...form, ...owner }, text],
    [
      'that is too large',
      413,
      { ...form, ...owner },
      Buffer.from(`${head}\0\0\0\x18ftypmp42`.padEnd(100_000, 'm')),
    ],
  ];
  const table = cases.flatMap(([name, status, headers, chunk], i) =>
    (['declared', 'chunked'] as const)
      .filter((kind) => kind === 'declared' || i % 3 === 0)
      .map((kind) => ({ name, status, headers, chunk, kind })),
  );

  test.each(table)('$name, $kind, is always told $status', async ({ status, headers, chunk, kind }) => {
    const length =
      kind === 'declared' ? { 'content-length': String(SIZE) } : { 'transfer-encoding': 'chunked' };
    for (let n = 0; n < 20; n++)
      expect(await upload(`/vms/videos/${id}`, { ...headers, ...length }, chunk)).toContain(
        `HTTP/1.1 ${status} `,
      );
    expect(readdirSync(driver.folders.incoming)).toEqual([]);
    expect(driver.said).toEqual([]);
  });

  test.each([1_000_000, 3_000_000])('of %d bytes leaves the connection to the next request', async (size) => {
    for (let n = 0; n < 5; n++) {
      const body = new FormData();
      body.append('file', new Blob(['no film '.repeat(size / 8)]), 'a.mp4');
      const refused = await fetch(`${front.url}/vms/videos/${id}`, { method: 'POST', headers: owner, body });
      expect([refused.status, await refused.json()]).toMatchObject([415, { detail: 'the file is no mp4' }]);
      expect((await fetch(`${front.url}/vms/videos/${id}/status`)).status).toBe(200);
    }
  });
});
