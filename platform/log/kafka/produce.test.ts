import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { record } from '../event-log.contract.js';
import type { Broker } from './cluster.js';
import { inOnePiece, type ProduceTopic, writeBody } from './produce.js';
import { RecordBatches } from './record-batches.js';
import { toMessage } from './rounds.js';

const require = createRequire(import.meta.url);
const kafkajs = (path: string): unknown => require(`kafkajs/src/${path}`);
const { lookup } = kafkajs('protocol/requests') as { lookup: (versions: object) => unknown };
const Long = kafkajs('utils/long') as { fromValue(value: string): unknown };
const KafkaBroker = kafkajs('broker') as new (options: object) => Broker & { lookupRequest: unknown };
const PRODUCE = 0;

const id = {
  transactionalId: 'tidemark-ä',
  producerId: Long.fromValue('9007199254740993'),
  producerEpoch: 7,
};
const TIME = 1_700_000_000_000;
const many = Array.from({ length: 9_000 }, (_, i) => record(`${i}`.repeat(i % 40)));
const large = { key: Buffer.alloc(70, 'k'), value: Buffer.alloc(3_000_000, 'v') };
const topics: ProduceTopic[] = [
  {
    topic: 'windows',
    partitions: [
      { partition: 3, firstSequence: 2 ** 31 - 2, records: many },
      { partition: 0, firstSequence: 0, records: [{ key: null, value: Buffer.alloc(0) }] },
    ],
  },
  { topic: 'alerts', partitions: [{ partition: 3, firstSequence: 5, records: [large, record('b')] }] },
];

interface Sent {
  readonly request: { readonly apiVersion: number; encode(): Promise<{ readonly buffer: Buffer }> };
}

/** A broker of kafkajs's own, that knows produce requests up to a version. */
function brokerOf(maxVersion: number) {
  const sent: Sent[] = [];
  const send = async (one: Sent): Promise<unknown> => void sent.push(one);
  const broker = new KafkaBroker({ connectionPool: { send }, logger: { namespace: () => ({}) } });
  broker.lookupRequest = lookup({ [PRODUCE]: { minVersion: 0, maxVersion } });
  return { broker, sent };
}

test('a request has the bytes that kafkajs gives it', async () => {
  const { broker, sent } = brokerOf(7);
  const warn = vi.fn();
  await inOnePiece(warn, () => TIME)(broker, id, topics);
  await broker.produce({
    ...id,
    acks: -1,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ records, ...rest }) => ({
        ...rest,
        messages: records.map((one) => ({ ...toMessage(one), timestamp: `${TIME}` })),
      })),
    })),
  });
  const [ours, theirs] = await Promise.all(sent.map(async ({ request }) => (await request.encode()).buffer));
  expect(ours?.equals(theirs as Buffer)).toBe(true);
  expect(sent[0]).toMatchObject({ request: { apiVersion: 7, apiName: 'Produce' } });
  expect(warn).not.toHaveBeenCalled();
});

test('what is written can be read', async () => {
  const topic = [{ topic: 't', partitions: [{ partition: 1, firstSequence: 0, records: many }] }];
  const body = writeBody(Buffer.alloc(2_000_000), id, topic, TIME).buffer;
  const batch = new RecordBatches();
  const head = 2 + Buffer.byteLength(id.transactionalId) + 10 + 3 + 12;
  expect(await batch.load(body.subarray(head), { from: 0, aborted: [] })).toBe(many.length);
  let row = 0;
  for (; batch.advance(); row++) {
    const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
    expect(value.equals(many[row]?.value as Buffer)).toBe(true);
    expect(batch.appendedAt).toBe(TIME);
  }
  expect(row).toBe(many.length);
});

test('once a request is answered, the next one is written where it was', async () => {
  const { broker, sent } = brokerOf(7);
  const append = inOnePiece(expect.unreachable, () => TIME);
  const memories: unknown[] = [];
  for (const count of [9_000, 8_000]) {
    const partitions = [{ partition: 0, firstSequence: 0, records: many.slice(0, count) }];
    await append(broker, id, [{ topic: 'windows', partitions }]);
    memories.push((await sent.pop()?.request.encode())?.buffer.buffer);
  }
  expect(memories[0]).toBe(memories[1]);
});

test('an old broker, and another version of kafkajs, get what kafkajs writes by itself', async () => {
  const { broker, sent } = brokerOf(2);
  await inOnePiece(expect.unreachable, () => TIME)(broker, id, topics).catch(() => undefined);
  expect(sent[0]?.request.apiVersion).toBe(2);
  const produce = vi.fn(async () => ({ topics: [] }));
  const warn = vi.fn();
  const producing = inOnePiece(warn, () => TIME);
  for (let i = 0; i < 2; i++) await producing({ produce } as unknown as Broker, id, topics);
  expect(produce).toHaveBeenCalledTimes(2);
  expect(warn).toHaveBeenCalledOnce();
});
