import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { FrameBatch } from '../batch.js';
import type { Fetching } from './cluster.js';
import { wholeBatches } from './fetch.js';
import { takeMessages } from './messages.js';

const require = createRequire(import.meta.url);
const kafkajs = (path: string): unknown => require(`kafkajs/src/${path}`);

interface Sent {
  readonly request: { readonly apiVersion: number };
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
  readonly requestTimeout: number;
}

interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: unknown): Encoder;
  writeString(value: string): Encoder;
  writeBytes(value: Buffer): Encoder;
}
const Encoder = kafkajs('protocol/encoder') as new () => Encoder;
const Long = kafkajs('utils/long') as { fromValue(value: number): unknown };
const Broker = kafkajs('broker') as new (options: object) => Fetching & { lookupRequest: unknown };
const { lookup } = kafkajs('protocol/requests') as { lookup: (versions: object) => unknown };
const FETCH = 1;

/** A broker of kafkajs's own, that knows fetches up to a version; what it answers. */
function brokerOf(maxVersion: number, answer: (version: number) => Buffer) {
  const sent: Sent[] = [];
  const send = async (one: Sent): Promise<unknown> => {
    sent.push(one);
    return one.response.parse(await one.response.decode(answer(one.request.apiVersion)));
  };
  const broker = new Broker({ connectionPool: { send }, logger: { namespace: () => ({}) } });
  broker.lookupRequest = lookup({ [FETCH]: { minVersion: 0, maxVersion } });
  return { broker, sent };
}

function answerOf(version: number, records: Buffer, errorCode = 0): Buffer {
  const encoder = new Encoder().writeInt32(0);
  if (version >= 7) encoder.writeInt16(0).writeInt32(0);
  encoder.writeInt32(1).writeString('a').writeInt32(1).writeInt32(3).writeInt16(errorCode);
  encoder.writeInt64(Long.fromValue(90));
  if (version >= 4) encoder.writeInt64(Long.fromValue(80));
  if (version >= 5) encoder.writeInt64(Long.fromValue(1));
  if (version >= 4) encoder.writeInt32(1).writeInt64(Long.fromValue(7)).writeInt64(Long.fromValue(70));
  if (version >= 11) encoder.writeInt32(-1);
  return encoder.writeBytes(records).buffer;
}

const request: Parameters<Fetching['fetch']>[0] = {
  ...{ isolationLevel: 1, maxWaitTime: 20, minBytes: 1, maxBytes: 100 },
  topics: [{ topic: 'a', partitions: [{ partition: 3, fetchOffset: '5', maxBytes: 100 }] }],
};
const unreachable = (message: string): never => expect.unreachable(message);
const batches = Buffer.alloc(61);
batches[16] = 2;

test.each([4, 5, 6, 7, 8, 9, 10, 11])('record batches come as they are, with version %i', async (version) => {
  const { broker, sent } = brokerOf(version, (asked) => answerOf(asked, batches));
  const { responses } = await wholeBatches(unreachable)(broker).fetch(request);
  expect(sent[0]?.request.apiVersion).toBe(version);
  expect(responses[0]?.partitions).toEqual([
    {
      ...{ partition: 3, errorCode: 0, highWatermark: '90', lastStableOffset: '80', messages: [] },
      abortedTransactions: [{ producerId: '7', firstOffset: '70' }],
      records: batches,
    },
  ]);
  // A slow network is no reason to begin again.
  expect(sent[0]?.requestTimeout).toBeGreaterThan(1_000);
});

const older = (kafkajs('protocol/messageSet') as (set: object) => Encoder)({
  messageVersion: 1,
  entries: [{ key: 'k', value: 'v', timestamp: 9 }],
}).buffer;

test.each([1, 3, 11])('messages of an older kind come as ever, with version %i', async (version) => {
  const { broker } = brokerOf(version, (asked) => answerOf(asked, older));
  const { responses } = await wholeBatches(unreachable)(broker).fetch(request);
  const found = responses[0]?.partitions[0];
  expect(found?.records).toBeUndefined();
  const batch = new FrameBatch();
  takeMessages(batch, found?.messages ?? [], { from: 0, aborted: [] });
  expect([batch.advance(), batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd)]).toEqual([
    true,
    'v',
  ]);
});

test('what a broker refuses is an error, as ever', async () => {
  const { broker } = brokerOf(11, (version) => answerOf(version, Buffer.alloc(0), 6));
  const fetching = wholeBatches(unreachable)(broker).fetch(request);
  await expect(fetching).rejects.toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });
});

test('a kafkajs that is made otherwise fetches in its own way, which is said once', () => {
  const warned: string[] = [];
  const fetching = wholeBatches((text) => warned.push(text));
  const broker: Fetching = { fetch: async () => ({ responses: [] }) };
  expect([fetching(broker), fetching(broker)]).toEqual([broker, broker]);
  expect(fetching(broker)).toBe(broker);
  expect(warned).toEqual([expect.stringMatching(/this version of kafkajs/)]);
});
