import type { Kafka } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { record } from '../event-log.contract.js';
import type { Broker, Cluster, ProducedPartition, Transacting } from './cluster.js';
import { recordByRecord } from './produce.js';
import { Transactions } from './transactions.js';

type Produce = Parameters<Transacting['produce']>[0];

const failure = (type: string): Error => Object.assign(new Error(type), { type });
const outputs = [0, 1].map((partition) => ({ topic: 't', partition, records: [record('a'), record('b')] }));

/**
 * Two brokers, of which each leads the partition of its number, and one has not heard of the topic at first. `answer`
 * may refuse to, or wait.
 */
async function harness(answer: (broker: string, what: keyof Transacting) => Promise<void>) {
  const told: string[] = [];
  const topics = new Set<string>();
  let unheard = 1;
  const asked = async (broker: string, what: keyof Transacting, detail = ''): Promise<void> => {
    told.push(`${broker} ${what}${detail}`);
    await answer(broker, what);
    told.push(`${broker} has answered`);
  };
  const batch = ({ partition, firstSequence, messages }: ProducedPartition): string =>
    ` ${partition} from ${firstSequence}, ${messages.length}`;
  const broker = (nodeId: string): Partial<Broker> => ({
    initProducerId: async () => ({ producerId: '7', producerEpoch: 0 }),
    addPartitionsToTxn: () => asked(nodeId, 'addPartitionsToTxn'),
    addOffsetsToTxn: () => asked(nodeId, 'addOffsetsToTxn'),
    txnOffsetCommit: () => asked(nodeId, 'txnOffsetCommit'),
    endTxn: () => asked(nodeId, 'endTxn'),
    produce: async ({ topicData }: Produce) => {
      await asked(nodeId, 'produce', topicData.flatMap(({ partitions }) => partitions.map(batch)).join());
      return { topics: [{ topicName: 't', partitions: [{ partition: Number(nodeId), baseOffset: '9' }] }] };
    },
  });
  const cluster: Cluster = {
    connect: async () => undefined,
    disconnect: async () => void told.push('disconnected'),
    addTargetTopic: async (topic) => {
      if (unheard-- > 0) throw failure('UNKNOWN_TOPIC_OR_PARTITION');
      topics.add(topic);
    },
    refreshMetadata: async () => void told.push('who leads?'),
    // Asked about no topic, the client asks about all, and a partition of another's has no leader.
    refreshMetadataIfNecessary: async () => {
      if (topics.size === 0) throw failure('LEADER_NOT_AVAILABLE');
    },
    findLeaderForPartitions: (_, [partition = 0]) => ({ [partition]: [partition] }),
    findBroker: async ({ nodeId }) => broker(nodeId) as Broker,
    findGroupCoordinatorMetadata: async () => ({ coordinator: { nodeId: 0 } }),
    fetchTopicsOffset: async () => [],
  };
  const kafka = { [Symbol('private:Kafka:createCluster')]: () => cluster } as unknown as Kafka;
  const pause = async (): Promise<void> => undefined;
  const producer = await Transactions.takeOver({
    kafka,
    transactionalId: 'id',
    topic: 't',
    pause,
    producing: recordByRecord,
  });
  return { producer, told };
}

/** A promise, and what settles it. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('what one leader refuses is sent to all once more, under the sequences that it had', async () => {
  let refusals = 1;
  const { producer, told } = await harness(async (broker, what) => {
    if (what === 'produce' && broker === '1' && refusals-- > 0) throw failure('NOT_LEADER_FOR_PARTITION');
  });
  const bases = await producer.send(outputs);
  expect([...bases]).toEqual([
    ['t/0', 9],
    ['t/1', 9],
  ]);
  await producer.send(outputs.slice(1));
  expect(told.filter((one) => /produce|leads/.test(one))).toEqual([
    ...['0 produce 0 from 0, 2', '1 produce 1 from 0, 2', 'who leads?'],
    ...['0 produce 0 from 0, 2', '1 produce 1 from 0, 2', '1 produce 1 from 2, 2'],
  ]);
});

test('a send that one leader refuses ends when the other has answered, too', async () => {
  const { opened, open } = gate();
  const { producer, told } = await harness(async (broker, what) => {
    if (what !== 'produce') return;
    if (broker === '1') throw failure('INVALID_PRODUCER_EPOCH');
    await opened;
  });
  const sent = producer
    .transact(outputs, null, () => producer.send(outputs))
    .finally(() => told.push('over'));
  await vi.waitFor(() => expect(told).toContain('1 produce 1 from 0, 2'));
  open();
  await expect(sent).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
  expect(told.slice(-2)).toEqual(['0 has answered', 'over']);
});

test('both asks go out before either is answered; what is sent waits for its own, and the end for all', async () => {
  const added = gate();
  const joined = gate();
  const { producer, told } = await harness(async (_, what) => {
    if (what === 'addPartitionsToTxn') await added.opened;
    if (what === 'addOffsetsToTxn') await joined.opened;
  });
  const done = producer.transact(outputs, 'group', async () => {
    await Promise.all([producer.send(outputs.slice(0, 1)), producer.commitOffsets('group', [])]);
  });
  await vi.waitFor(() => expect(told).toEqual(['0 addPartitionsToTxn', '0 addOffsetsToTxn']));
  added.open();
  await vi.waitFor(() => expect(told.at(-1)).toBe('0 has answered'));
  await vi.waitFor(() => expect(told.at(-2)).toBe('0 produce 0 from 0, 2'));
  joined.open();
  await done;
  expect(told.filter((one) => one !== '0 has answered').slice(-2)).toEqual(['0 txnOffsetCommit', '0 endTxn']);
});

test('where the places are refused, nothing is sent or ended, and it is over when the other ask is answered', async () => {
  const joined = gate();
  const { producer, told } = await harness(async (_, what) => {
    if (what === 'addPartitionsToTxn') throw failure('TOPIC_AUTHORIZATION_FAILED');
    await joined.opened;
  });
  const write = vi.fn(() => producer.commitOffsets('group', []));
  const done = producer.transact(outputs, 'group', write).finally(() => told.push('over'));
  const refused = expect(done).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
  await vi.waitFor(() => expect(told).toEqual(['0 addPartitionsToTxn', '0 addOffsetsToTxn']));
  joined.open();
  await refused;
  await producer.close();
  expect(told.slice(2)).toEqual(['0 has answered', 'over', 'disconnected']);
  expect(write).not.toHaveBeenCalled();
});

test('each ask is repeated by itself while the transaction before ends', async () => {
  const ending = new Map([
    ['addPartitionsToTxn', 2],
    ['addOffsetsToTxn', 1],
  ]);
  const { producer, told } = await harness(async (_, what) => {
    const left = ending.get(what) ?? 0;
    ending.set(what, left - 1);
    if (left > 0) throw failure('CONCURRENT_TRANSACTIONS');
  });
  await producer.transact(outputs, 'group', () => producer.commitOffsets('group', []));
  const asks = told.filter((one) => one !== '0 has answered');
  expect(asks.filter((one) => /addPartitions/.test(one))).toHaveLength(3);
  expect(asks.filter((one) => /addOffsets/.test(one))).toHaveLength(2);
  expect(asks.slice(-2)).toEqual(['0 txnOffsetCommit', '0 endTxn']);
});

test('a close waits for the transaction under way, which would connect the cluster again', async () => {
  const { opened, open } = gate();
  const { producer, told } = await harness(async (_, what) => {
    if (what === 'produce') await opened;
  });
  const done = producer.transact(outputs, null, () => producer.send(outputs));
  const closed = producer.close();
  open();
  await Promise.all([done, closed]);
  expect(told.slice(-3)).toEqual(['0 endTxn', '0 has answered', 'disconnected']);
});
