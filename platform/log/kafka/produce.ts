import type { LogRecord } from '../event-log.js';
import { type BatchHead, mostBytes, writeBatch } from './batch-bytes.js';
import type { Broker, InTransaction, ProducedTopic, Transacting } from './cluster.js';
import { inPlace, ROOM } from './in-place.js';
import { type Requests, requestsOf, through } from './requests.js';
import { toMessage } from './rounds.js';
import { Spares } from './spares.js';

/** Those of a record batch begin here; the request has the same fields up to the last that kafkajs knows. */
const FIRST_VERSION = 3;
/** All replicas that are in sync have it. */
const ALL_IN_SYNC = -1;
/** What a broker may wait for replicas, ms. */
const TIMEOUT_MS = 30_000;

export interface ProducePartition {
  readonly partition: number;
  /** Of the first of the records, counted per partition and producer. */
  readonly firstSequence: number;
  readonly records: readonly LogRecord[];
}

export interface ProduceTopic {
  readonly topic: string;
  readonly partitions: readonly ProducePartition[];
}

/** Appends, in a transaction, one record batch per partition to what this broker leads. */
export type Producing = (
  broker: Broker,
  id: InTransaction,
  topics: readonly ProduceTopic[],
) => Promise<{ readonly topics: readonly ProducedTopic[] }>;

/** As kafkajs does it: with an encoder per record. */
export const recordByRecord: Producing = (broker, id, topics) =>
  broker.produce({
    ...id,
    acks: ALL_IN_SYNC,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, firstSequence, records }) => ({
        partition,
        firstSequence,
        messages: records.map(toMessage),
      })),
    })),
  });

/**
 * Record batches written in one piece: kafkajs's own way makes an encoder of each record and copies it several
 * times, on the thread that does all else.
 */
export function inOnePiece(warn: (message: string) => void, now: () => number): Producing {
  const spares = new Spares();
  const producing = through<Broker, Requests, OfBroker>(
    requestsOf,
    (broker, requests) => (id, topics) => {
      const asked = requests.of(broker, 'Produce', { ...id, acks: ALL_IN_SYNC, topicData: [] });
      if (asked.request.apiVersion < FIRST_VERSION) return recordByRecord(broker, id, topics);
      return spares.lend(ROOM + mostOf(id, topics), (memory) => {
        const encode = async (): Promise<unknown> => writeBody(memory, id, topics, now());
        const request = { ...asked.request, encode };
        return requests.send(broker, { ...asked, request }) as ReturnType<Transacting['produce']>;
      });
    },
    (broker) => (id, topics) => recordByRecord(broker, id, topics),
    () => warn('this version of kafkajs appends in its own way only: that works, but costs more'),
  );
  return (broker, id, topics) => producing(broker)(id, topics);
}
type OfBroker = (id: InTransaction, topics: readonly ProduceTopic[]) => ReturnType<Producing>;

/** A produce request, behind room for its header; `memory` is at least as large as both. */
export function writeBody(
  memory: Buffer,
  id: InTransaction,
  topics: readonly ProduceTopic[],
  time: number,
): ReturnType<typeof inPlace> {
  const { producerEpoch } = id;
  const producerId = BigInt(String(id.producerId));
  let at = writeString(memory, ROOM, id.transactionalId);
  at = memory.writeInt16BE(ALL_IN_SYNC, at);
  at = memory.writeInt32BE(TIMEOUT_MS, at);
  at = memory.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    at = writeString(memory, at, topic);
    at = memory.writeInt32BE(partitions.length, at);
    for (const { partition, firstSequence, records } of partitions) {
      const head: BatchHead = { producerId, producerEpoch, firstSequence, time };
      at = memory.writeInt32BE(partition, at);
      const end = writeBatch(memory, at + 4, records, head);
      memory.writeInt32BE(end - at - 4, at);
      at = end;
    }
  }
  return inPlace(memory, at);
}

function mostOf({ transactionalId }: InTransaction, topics: readonly ProduceTopic[]): number {
  let most = 2 + Buffer.byteLength(transactionalId) + 10;
  for (const { topic, partitions } of topics) {
    most += 2 + Buffer.byteLength(topic) + 4;
    for (const { records } of partitions) most += 8 + mostBytes(records);
  }
  return most;
}

function writeString(into: Buffer, start: number, text: string): number {
  const at = into.writeInt16BE(Buffer.byteLength(text), start);
  return at + into.write(text, at);
}
