import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Balancer } from './balancer.js';
import { Component } from './component.js';

const GB = 1e9;
const chunk = Buffer.alloc(256 * 1024, 'x');

/** Writes so many bytes, as fast as they are taken. */
function pour(to: NodeJS.WritableStream, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!to.write(part)) {
        to.once('drain', more);
        return;
      }
    }
    to.end();
  };
  more();
}

const count = async (from: IncomingMessage): Promise<number> => {
  let bytes = 0;
  from.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  await once(from, 'end');
  return bytes;
};

describe('a gateway', () => {
  let upstream: Server;
  let answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void;

  beforeAll(async () => {
    upstream = createServer((incoming, outgoing) => answer(incoming, outgoing)).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });
  afterAll(() => {
    upstream.closeAllConnections();
    upstream.close();
  });

  const start = (more: Readonly<Record<string, string>> = {}): Promise<Component> =>
    Component.start('gateway', {
      VMS_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      ...{ TIDEMARK_VIDEOS: '/nonexistent', ...more },
    });
  /** Of its resident memory, now or at most, bytes. */
  const resident = ({ child: { pid } }: Component, which: 'VmRSS' | 'VmHWM'): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  };

  test('streams a gigabyte in and one out, and its memory stays flat (needs /proc)', async () => {
    answer = (incoming, outgoing) => {
      if (incoming.method === 'GET') pour(outgoing, GB);
      else void count(incoming).then((bytes) => outgoing.end(String(bytes)));
    };
    await using gateway = await start();
    const { port } = new URL(gateway.url);
    await (await fetch(`${gateway.url}/healthz`)).text();
    const idle = resident(gateway, 'VmRSS');

    const up = request({ port, method: 'POST', path: '/vms/videos/1', headers: { 'content-length': GB } });
    const taken = once(up, 'response') as Promise<[IncomingMessage]>;
    pour(up, GB);
    let text = '';
    for await (const part of (await taken)[0]) text += part;
    expect(text).toBe(String(GB));
    const afterUpload = resident(gateway, 'VmHWM');

    const down = request({ port, path: '/vms/videos/1' }).end();
    const [given] = (await once(down, 'response')) as [IncomingMessage];
    expect(await count(given)).toBe(GB);
    const grown = [afterUpload - idle, resident(gateway, 'VmHWM') - idle];
    for (const bytes of grown) expect(bytes).toBeLessThan(120e6);
  });

  test('that is told to stop is not ready first, goes on for a while, and asks to go elsewhere', async () => {
    answer = (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end('ok'));
    await using gateway = await start({ TIDEMARK_DRAIN_WAIT: '3s' });
    const status = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;
    expect([await status(gateway.url), await status(gateway.admin)]).toEqual([200, 200]);
    const ended = gateway.end('SIGTERM');
    await expect.poll(() => status(gateway.url)).toBe(503);
    expect(await status(gateway.admin)).toBe(503);
    const answered = await fetch(`${gateway.url}/vms/videos`);
    expect([answered.status, await answered.text(), answered.headers.get('connection')]).toEqual([
      200,
      'ok',
      'close',
    ]);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(await ended).toBe(0);
  });

  test('is restarted, and another in turn, without any client seeing it', async () => {
    answer = (incoming, outgoing) => {
      incoming.resume().on('end', () => {
        if (incoming.url === '/slow') setTimeout(() => outgoing.end('slow'), 300);
        else outgoing.end('ok');
      });
    };
    const wait = { TIDEMARK_DRAIN_WAIT: '1s' };
    const running = [await start(wait), await start(wait)];
    await using balancer = await Balancer.open(running.map(({ url }) => url));
    let stopped = false;
    const seen = new Map<string, number>();
    const client = async (path: string, init: RequestInit): Promise<void> => {
      while (!stopped) {
        const outcome = await fetch(balancer.url + path, init).then(
          async (one) => `${one.status} ${await one.text()}`,
          (error: Error) => `${error.message}: ${String(error.cause)}`,
        );
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    };
    const upload = { method: 'POST', body: 'x'.repeat(300_000) };
    const clients = [
      ...Array.from({ length: 4 }, () => client('/vms/videos', {})),
      ...[client('/vms/slow', {}), client('/vms/slow', {}), client('/vms/videos/1', upload)],
    ];
    for (const at of [0, 1, 0, 1]) {
      const before = seen.get('200 ok') ?? 0;
      expect(await running[at]?.end('SIGTERM')).toBe(0);
      const next = await start(wait);
      running[at] = next;
      balancer.replace(at, next.url);
      await expect.poll(() => balancer.isReady(at)).toBe(true);
      await expect.poll(() => seen.get('200 ok') ?? 0).toBeGreaterThan(before + 50);
    }
    stopped = true;
    await Promise.all(clients);
    for (const gateway of running) await gateway.end('SIGKILL');
    expect([...seen.keys()].sort()).toEqual(['200 ok', '200 slow']);
    expect(balancer.taken.every((n) => n > 50)).toBe(true);
  });
});
