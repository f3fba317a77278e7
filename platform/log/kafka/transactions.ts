import type { Kafka } from 'kafkajs';
import type { Offset, Output } from '../event-log.js';
import { clusterOf } from './client.js';
import type { Broker, Cluster, CommittedTopic, InTransaction, TopicPartitions } from './cluster.js';
import { typeOf } from './errors.js';
import type { ProducePartition, Producing } from './produce.js';
import { placeOf } from './rounds.js';

const TRANSACTION_TIMEOUT_MS = 10_000;
const coordinatorTypes = { group: 0, transaction: 1 } as const;
/** The transaction before ends within milliseconds; it is asked so often, so far apart, ms. */
const ENDING = { first: 5, longest: 5, times: 400 };
/** A coordinator or a leader moves: seconds in all. */
const MOVING = { first: 10, longest: 1_000, times: 12 };

const coordinatorMoves = [
  ...['CONCURRENT_TRANSACTIONS', 'GROUP_LOAD_IN_PROGRESS'],
  ...['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'],
];
const leaderMoves = [
  ...['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'],
  ...['REPLICA_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
];

/** Offset of the first record of each place, by `topic/partition`. */
export type BaseOffsets = ReadonlyMap<string, Offset>;
type Pause = (ms: number) => Promise<void>;

export interface TakeOverOptions {
  readonly kafka: Kafka;
  readonly transactionalId: string;
  /** One of those that are written to. */
  readonly topic: string;
  readonly pause: Pause;
  readonly producing: Producing;
}

/**
 * A producer of transactions, one after the other, over kafkajs's protocol. (kafkajs's own producer asks four times per
 * transaction who the coordinators are, and does everything in turn: nine round trips, where this one waits
 * for three.) After an error it is not to be used again.
 */
export class Transactions {
  readonly #sequences = new Map<string, number>();
  #groupCoordinator: Promise<string> | null = null;
  /** Whether the transaction under way knows of its group. */
  #joined: Promise<unknown> = Promise.resolve();
  #underWay: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly cluster: Cluster,
    readonly id: InTransaction,
    readonly coordinator: string,
    readonly options: TakeOverOptions,
  ) {}

  /**
   * Fences the producers before it under this id, and ends their open transaction, which would hide
   * everything behind it.
   */
  static async takeOver(options: TakeOverOptions): Promise<Transactions> {
    const { kafka, transactionalId, topic, pause } = options;
    const cluster = clusterOf(kafka);
    try {
      await cluster.connect();
      return await again([...coordinatorMoves, ...leaderMoves], MOVING, pause, async () => {
        // Without a topic it asks about all that there are, and fails where any partition has no leader.
        await cluster.addTargetTopic(topic);
        await cluster.refreshMetadataIfNecessary();
        const nodeId = await coordinatorOf(cluster, transactionalId, coordinatorTypes.transaction);
        const broker = await cluster.findBroker({ nodeId });
        const transactionTimeout = TRANSACTION_TIMEOUT_MS;
        const { producerId, producerEpoch } = await broker.initProducerId({
          transactionalId,
          transactionTimeout,
        });
        return new Transactions(cluster, { transactionalId, producerId, producerEpoch }, nodeId, options);
      });
    } catch (error) {
      await cluster.disconnect().catch(() => undefined);
      throw error;
    }
  }

  /**
   * One transaction: `write` sends to these places and commits offsets of this group, nothing of which is seen
   * before the end.
   */
  transact<T>(places: readonly Output[], groupId: string | null, write: () => Promise<T>): Promise<T> {
    const done = this.#transact(places, groupId, write);
    this.#underWay = done.catch(() => undefined);
    return done;
  }

  async #transact<T>(places: readonly Output[], groupId: string | null, write: () => Promise<T>): Promise<T> {
    const added = places.length > 0 ? this.#add(places) : Promise.resolve();
    // Behind it on the same connection, which the broker answers in turn: that saves a round trip.
    this.#joined =
      groupId === null
        ? Promise.resolve()
        : this.#ask((broker) => broker.addOffsetsToTxn({ ...this.id, groupId }));
    const written = added.then(write);
    await allOf([written, this.#joined]);
    await (await this.#transactionBroker()).endTxn({ ...this.id, transactionResult: true });
    return written;
  }

  /** Each output becomes one record batch: a place comes once, as in a round. */
  async send(outputs: readonly Output[]): Promise<BaseOffsets> {
    const { cluster } = this;
    const bases = new Map<string, Offset>();
    for (const { topic } of outputs) await cluster.addTargetTopic(topic);
    const produce = async (nodeId: string, led: readonly Output[]): Promise<void> => {
      const batches = byTopic(led, (output) => this.#batch(output));
      const broker = await cluster.findBroker({ nodeId });
      const { topics } = await this.options.producing(broker, this.id, batches);
      for (const { topicName, partitions } of topics)
        for (const { partition, baseOffset } of partitions)
          bases.set(placeOf({ topic: topicName, partition }), Number(baseOffset));
    };
    // What is sent again has the sequence that it had: the broker keeps one of the two.
    await again(leaderMoves, MOVING, this.options.pause, async (attempt) => {
      // Who leads is known from the take-over on: asked before each, some alert would wait for the answer.
      if (attempt > 0) await cluster.refreshMetadata();
      const requests = [...byLeader(cluster, outputs)].map(([nodeId, led]) => produce(nodeId, led));
      await allOf(requests);
    });
    for (const output of outputs) {
      const next = this.#sequenceOf(output) + output.records.length;
      this.#sequences.set(placeOf(output), next % 2 ** 31);
    }
    return bases;
  }

  /** Offsets of a group, as part of the transaction. */
  async commitOffsets(groupId: string, topics: readonly CommittedTopic[]): Promise<void> {
    const { cluster, id } = this;
    await this.#joined;
    await again(coordinatorMoves, MOVING, this.options.pause, async (attempt) => {
      if (attempt > 0) this.#groupCoordinator = null;
      this.#groupCoordinator ??= coordinatorOf(cluster, groupId, coordinatorTypes.group);
      const broker = await cluster.findBroker({ nodeId: await this.#groupCoordinator });
      await broker.txnOffsetCommit({ ...id, groupId, topics });
    });
  }

  /** After what is under way: a request to a cluster that is disconnected connects it again, for good. */
  async close(): Promise<void> {
    await this.#underWay;
    await this.cluster.disconnect();
  }

  #batch(output: Output): ProducePartition {
    const { partition, records } = output;
    return { partition, firstSequence: this.#sequenceOf(output), records };
  }

  #sequenceOf(output: Output): number {
    return this.#sequences.get(placeOf(output)) ?? 0;
  }

  async #add(places: readonly Output[]): Promise<void> {
    const topics = byTopic(places, ({ partition }) => partition).map(({ topic, partitions }) => ({
      topic,
      partitions: [...new Set(partitions)],
    }));
    const add = (some: readonly TopicPartitions[]): Promise<void> =>
      this.#ask((broker) => broker.addPartitionsToTxn({ ...this.id, topics: some }));
    await add(topics).catch(async (error: unknown) => {
      // Another topic of these is refused, and why is hidden behind this: alone, each says it.
      if (typeOf(error) !== 'OPERATION_NOT_ATTEMPTED') throw error;
      for (const one of topics) await add([one]);
    });
  }

  /** The transaction before may still be ending. */
  async #ask(ask: (broker: Broker) => Promise<unknown>): Promise<void> {
    await again(['CONCURRENT_TRANSACTIONS'], ENDING, this.options.pause, async () =>
      ask(await this.#transactionBroker()),
    );
  }

  #transactionBroker(): Promise<Broker> {
    return this.cluster.findBroker({ nodeId: this.coordinator });
  }
}

/** Ends when each has ended, also where one fails: nothing of a transaction is under way behind its end. */
export async function allOf(parts: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(parts);
  await Promise.all(parts);
}

async function coordinatorOf(cluster: Cluster, id: string, coordinatorType: number): Promise<string> {
  const { coordinator } = await cluster.findGroupCoordinatorMetadata({ groupId: id, coordinatorType });
  return String(coordinator.nodeId);
}

function byLeader(cluster: Cluster, outputs: readonly Output[]): Map<string, Output[]> {
  const led = new Map<string, Output[]>();
  for (const output of outputs) {
    const { topic, partition } = output;
    const leaders = Object.entries(cluster.findLeaderForPartitions(topic, [partition]));
    const nodeId = leaders.find(([, partitions]) => partitions.includes(partition))?.[0];
    if (nodeId === undefined)
      throw Object.assign(new Error(`${topic}/${partition} has no leader`), { type: 'LEADER_NOT_AVAILABLE' });
    led.set(nodeId, [...(led.get(nodeId) ?? []), output]);
  }
  return led;
}

function byTopic<T>(
  outputs: readonly Output[],
  one: (output: Output) => T,
): { topic: string; partitions: T[] }[] {
  const topics = new Map<string, T[]>();
  for (const output of outputs) topics.set(output.topic, [...(topics.get(output.topic) ?? []), one(output)]);
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

interface Waits {
  /** ms; each wait is twice the one before, up to the longest. */
  readonly first: number;
  readonly longest: number;
  readonly times: number;
}

/** Tries again after errors of these types. */
async function again<T>(
  types: readonly string[],
  { first, longest, times }: Waits,
  pause: Pause,
  attempt: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt(tried);
    } catch (error) {
      if (tried >= times || !types.includes(typeOf(error))) throw error;
      await pause(Math.min(longest, first * 2 ** tried));
    }
  }
}
