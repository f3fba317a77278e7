import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { certificate, certificateKey } from '../../scrape/certificate.fixture.js';
import { framed } from './sockets.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that sends this to whoever connects; how to reach it. */
async function serve(
  server: net.Server,
  event: string,
  bytes: Buffer,
): Promise<{ host: string; port: number }> {
  server.on(event, (socket: net.Socket) => socket.on('error', () => undefined).end(bytes));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const response = (size: number): Buffer => {
  const bytes = Buffer.alloc(4 + size, size % 251);
  bytes.writeInt32BE(size);
  return bytes;
};
const sent = [10, 1_000_000, 5, 70_000, 300_000].map(response);

test.each(['plain', 'TLS'])('responses come whole over %s', async (kind) => {
  const secure = kind === 'TLS';
  const server = secure ? tls.createServer({ cert: certificate, key: certificateKey }) : net.createServer();
  const to = await serve(server, secure ? 'secureConnection' : 'connection', Buffer.concat(sent));
  let connected = 0;
  const ssl = secure ? { ca: [certificate], rejectUnauthorized: false } : undefined;
  const socket = framed({ ...to, ssl, onConnect: () => connected++ } as Parameters<typeof framed>[0]);
  const got: Buffer[] = [];
  socket.on('data', (frame: Buffer) => got.push(Buffer.from(frame)));
  await once(socket, 'end');
  expect(connected).toBe(1);
  expect(got.map((frame, i) => frame.equals(sent[i] as Buffer))).toEqual(sent.map(() => true));
  socket.destroy();
});

test('what does not speak the protocol is hung up on', async () => {
  const to = await serve(net.createServer(), 'connection', Buffer.from('HTTP/1.1 400 Bad Request'));
  const socket = framed({ ...to, onConnect: () => undefined } as unknown as Parameters<typeof framed>[0]);
  const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [Error];
  expect(error.message).toMatch(/not Kafka's protocol/);
});
