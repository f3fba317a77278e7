import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { inPlace, ROOM } from './in-place.js';

interface Encoder {
  readonly buffer: Buffer;
  writeBuffer(bytes: Buffer): Encoder;
  writeInt32(value: number): Encoder;
  writeEncoder(value: unknown): Encoder;
}
const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
const requestOf = require('kafkajs/src/protocol/request') as (of: object) => Promise<Encoder>;

const CONTENT = Buffer.from('a body'.repeat(1_000));

/** In memory that more lies behind. */
function body() {
  const memory = Buffer.alloc(ROOM + CONTENT.length + 50);
  CONTENT.copy(memory, ROOM);
  return { memory, encoder: inPlace(memory, ROOM + CONTENT.length) };
}

const request = (encoder: unknown, clientId: string): Promise<Encoder> => {
  const encode = async (): Promise<unknown> => encoder;
  return requestOf({ correlationId: 7, clientId, request: { apiKey: 0, apiVersion: 7, encode } });
};

test('a request is the same bytes, and stays where its body was written', async () => {
  const { memory, encoder } = body();
  const usual = await request(new Encoder().writeBuffer(CONTENT), 'tidemark');
  const { buffer } = await request(encoder, 'tidemark');
  expect(buffer.equals(usual.buffer)).toBe(true);
  expect(buffer.buffer).toBe(memory.buffer);
});

test('a header that is larger than the room is written as usual', async () => {
  const { memory, encoder } = body();
  const clientId = 'c'.repeat(ROOM);
  const { buffer } = await request(encoder, clientId);
  expect(buffer.equals((await request(new Encoder().writeBuffer(CONTENT), clientId)).buffer)).toBe(true);
  expect(buffer.buffer).not.toBe(memory.buffer);
});

test('what is written behind a body is not lost, nor written over', () => {
  const { memory, encoder } = body();
  const longer = new Encoder().writeInt32(1).writeEncoder(encoder).writeInt32(2);
  const expected = new Encoder().writeInt32(3).writeInt32(1).writeBuffer(CONTENT).writeInt32(2);
  expect(new Encoder().writeInt32(3).writeEncoder(longer).buffer.equals(expected.buffer)).toBe(true);
  expect(memory.subarray(-50).equals(Buffer.alloc(50))).toBe(true);
});
