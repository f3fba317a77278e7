import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchJson, followStream, HttpStatusError } from './follow.js';

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
  test('reads a character that comes in two pieces', async () => {
    const bytes = Buffer.from('data: "größer"\nid: 1\n\n');
    const cut = bytes.indexOf(0xc3) + 1;
    const url = await serve((_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      outgoing.write(bytes.subarray(0, cut), () => setImmediate(() => outgoing.write(bytes.subarray(cut))));
    });
    const stop = new AbortController();
    const records: unknown[] = [];
    const onRecord = (record: unknown): void => {
      records.push(record);
      stop.abort();
    };
    await followStream(url, { signal: stop.signal, onRecord, pause: () => Promise.resolve() });
    expect(records).toEqual(['größer']);
  });

  test('resumes from a position that came without a record', async () => {
    const resumed: unknown[] = [];
    const stop = new AbortController();
    const url = await serve((incoming, outgoing, n) => {
      resumed.push(incoming.headers['last-event-id']);
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      if (n === 0) outgoing.end(': hello\nid: 7\n\n');
      else stop.abort();
    });
    const lost: string[] = [];
    await followStream(url, {
      signal: stop.signal,
      onRecord: () => {},
      onLost: (reason) => lost.push(reason),
      pause: () => Promise.resolve(),
    });
    expect([resumed, lost]).toEqual([[undefined, '7'], ['the stream ended']]);
  });

  test('gives up where something else answers', async () => {
    const url = await serve((_, outgoing) => outgoing.setHeader('content-type', 'text/html').end('<html>'));
    const following = followStream(url, {
      signal: new AbortController().signal,
      onRecord: () => {},
      pause: () => Promise.resolve(),
    });
    await expect(following).rejects.toThrow('no event stream: is --url right?');
    await expect(fetchJson(url)).rejects.toThrow('no JSON: is --url right?');
  });

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
      else outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(1));
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
    const answers = ['since is "soon"', JSON.stringify({ status: 400, detail: 'since is "soon"' })];
    for (const answer of answers) {
      const url = await serve((_, outgoing) => outgoing.writeHead(400).end(answer));
      const { signal } = new AbortController();
      const followed = followStream(url, {
        ...{ signal, onRecord: () => undefined, pause: () => Promise.resolve() },
      });
      await expect(followed).rejects.toThrow(HttpStatusError);
      await expect(followed).rejects.toThrow(/answered 400: since is "soon"$/);
    }
  });
});
