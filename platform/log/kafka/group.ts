import type { Consumer, Kafka } from 'kafkajs';
import type { Membership } from '../event-log.js';
import type { KafkaPartition } from './owned.js';

export interface GroupOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly own: (partition: number, confirmed: () => Promise<void>) => KafkaPartition;
  readonly onAssigned: (partition: KafkaPartition) => void;
  /** A member that cannot go on. */
  readonly onCrash: (error: Error) => void;
}

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_000;

/**
 * Membership of a consumer group, and nothing else: the consumer's own fetching is paused for ever, so
 * that heartbeats do not wait for any processing. Records are fetched by assignment.
 */
export async function joinGroup(options: GroupOptions): Promise<Membership> {
  const { kafka, groupId, topic, own, onAssigned, onCrash } = options;
  const owned = new Map<number, KafkaPartition>();
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 200,
    metadataMaxAge: 15_000,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 10 },
  });
  const confirmed = confirmation(consumer);
  const { GROUP_JOIN, CRASH } = consumer.events;
  let left = false;
  let joined: () => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    joined = resolve;
    failed = reject;
  });
  consumer.on(GROUP_JOIN, ({ payload }) => {
    consumer.pause([{ topic }]);
    const assigned = new Set(payload.memberAssignment[topic] ?? []);
    for (const [partition, one] of owned) {
      if (assigned.has(partition)) continue;
      owned.delete(partition);
      void one.lose();
    }
    for (const partition of [...assigned].sort((a, b) => a - b)) {
      if (owned.has(partition) || left) continue;
      const one = own(partition, confirmed);
      owned.set(partition, one);
      onAssigned(one);
    }
    joined();
  });
  consumer.on(CRASH, ({ payload: { error, restart } }) => {
    if (restart || left) return;
    failed(error);
    onCrash(error);
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: () => Promise.resolve(),
  });
  await ready;
  return {
    leave: async () => {
      left = true;
      const losing = [...owned.values()].map((one) => one.lose());
      owned.clear();
      await Promise.all([...losing, consumer.disconnect()]);
    },
  };
}

/** Resolves at the next heartbeat that the broker accepts, or when the group was joined anew. */
function confirmation(consumer: Consumer): () => Promise<void> {
  let waiting: (() => void)[] = [];
  const confirm = (): void => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  consumer.on(consumer.events.HEARTBEAT, confirm);
  consumer.on(consumer.events.GROUP_JOIN, confirm);
  consumer.on(consumer.events.DISCONNECT, confirm);
  return () => new Promise((resolve) => void waiting.push(resolve));
}
