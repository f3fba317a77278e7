import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { LogEntry } from 'kafkajs';
import { expect, test } from 'vitest';
import { socketFactory } from './client.js';
import { Voice } from './voice.js';

function harness() {
  const said: string[] = [];
  const time = { now: 0 };
  const voice = new Voice(
    (text) => said.push(text),
    () => time.now,
  );
  const hear = (message: string, broker?: string): void =>
    voice.hear({ log: { message, ...(broker === undefined ? {} : { broker }) } } as LogEntry);
  return { voice, hear, said, time };
}

const REFUSED = 'Connection error: connect ECONNREFUSED 127.0.0.1:9092';

test('of a broker that is down, says so once, and once that it answers again', () => {
  const { voice, hear, said, time } = harness();
  for (; time.now < 30_000; time.now += 50) {
    hear(REFUSED, 'a:9092');
    hear(`Failed to connect to seed broker, trying another broker from the list: ${REFUSED}`);
    hear('Crash: KafkaJSConnectionClosedError: Closed connection');
    hear(`Crash: KafkaJSNumberOfRetriesExceeded: ${REFUSED}`);
    hear('Restarting the consumer in 50ms');
    voice.answered('b:9092');
  }
  voice.answered('a:9092');
  expect(said).toEqual([`kafka: a:9092: ${REFUSED}`, 'kafka: a:9092 answers again, after 30 s']);
});

test('says anything else once a minute, and all that differs', () => {
  const { hear, said, time } = harness();
  for (; time.now < 61_000; time.now += 1_000) hear('SASL authentication failed');
  hear('Crash: Error: something else');
  expect(said).toEqual([
    'kafka: SASL authentication failed',
    'kafka: SASL authentication failed (and so 59 times more)',
    'kafka: Crash: Error: something else',
  ]);
});

test('hears from its sockets that a broker answers, and lets go of closed ones without a trace', async () => {
  const { voice, hear, said } = harness();
  const server = createServer((socket) => socket.end('answer'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const broker = `127.0.0.1:${port}`;
  hear(REFUSED, broker);
  const at = { host: '127.0.0.1', port, ssl: undefined as never, onConnect: () => undefined };
  const socket = socketFactory(voice)(at);
  await once(socket, 'close');
  expect(said.at(-1)).toBe(`kafka: ${broker} answers again, after 0 s`);
  const before = socket.listenerCount('connect');
  for (let i = 0; i < 11; i++) socket.unref();
  expect(socket.listenerCount('connect')).toBe(before);
  server.close();
});
