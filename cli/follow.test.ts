import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { followStream, HttpStatusError } from './follow.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse, n: number) => void,
): Promise<string> {
  let n = 0;
  const server = createServer((incoming, outgoing) => answer(incoming, outgoing, n++));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
}

const event = (id: number): string => `data: {"n":${id}}\nid: ${id}\n\n`;

describe('following a stream', () => {
  test('resumes after a broken connection with the last id, without gap or repeat', async () => {
    const resumed: (string | undefined)[] = [];
    const url = await serve((incoming, outgoing, n) => {
      resumed.push(incoming.headers['last-event-id'] as string | undefined);
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      // The second event is cut in the middle: it comes again.
      if (n === 0) {
        outgoing.write(`: hello\n\n${event(1)}${event(2).slice(0, 9)}`, () => outgoing.destroy());
      } else outgoing.write(event(2) + event(3));
    });
    const stop = new AbortController();
    const records: unknown[] = [];
    const lost: string[] = [];
    await followStream(url, {
      signal: stop.signal,
      onRecord: (record) => {
        records.push(record);
        if (records.length === 3) stop.abort();
      },
      onLost: (reason) => lost.push(reason),
      pause: () => Promise.resolve(),
    });
    expect(records).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(resumed).toEqual([undefined, '1']);
    expect(lost).toHaveLength(1);
  });

  test('tries again while the platform is not ready, and waits longer each time', async () => {
    const url = await serve((_, outgoing, n) => {
      if (n < 3) outgoing.writeHead(503).end('soon');
      else outgoing.writeHead(200).write(event(1));
    });
    const stop = new AbortController();
    const pauses: number[] = [];
    await followStream(url, {
      signal: stop.signal,
      onRecord: () => stop.abort(),
      pause: async (ms) => void pauses.push(ms),
    });
    expect(pauses).toEqual([200, 400, 800]);
  });

  test('gives up on an answer that will not change', async () => {
    const url = await serve((_, outgoing) => outgoing.writeHead(400).end('since is "soon"'));
    const { signal } = new AbortController();
    const followed = followStream(url, { signal, onRecord: () => undefined, pause: () => Promise.resolve() });
    await expect(followed).rejects.toThrow(HttpStatusError);
    await expect(followed).rejects.toThrow('answered 400: since is "soon"');
  });
});
