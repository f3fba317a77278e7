import type { Consumer, Kafka } from 'kafkajs';
import { LogError, type Membership } from '../event-log.js';
import { logError, typeOf } from './errors.js';
import type { KafkaPartition } from './owned.js';

export interface GroupOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly own: (partition: number, confirmed: (lost: AbortSignal) => Promise<void>) => KafkaPartition;
  readonly onAssigned: (partition: KafkaPartition) => void;
  /** A member that cannot go on. */
  readonly onCrash: (error: Error) => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly warn: (message: string) => void;
}

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_000;
/** After so long without a word of the group, whoever waits for one is told, ms. */
const CONFIRMATION_MS = 15_000;
const REJOIN_MS = 1_000;
/** A consumer that crashes again and again is restarted so much later each time, ms, up to the same. */
const RESTART_STEP_MS = 50;
/** Whether it may pass, though the client took it for final: that the group has moved on, or has no coordinator. */
const passing = (error: Error): boolean =>
  (error.name.startsWith('KafkaJS') || typeOf(error) !== '') && logError('', error).retryable;

/**
 * Membership of a consumer group, and nothing else: the consumer's own fetching is paused for ever, so
 * that heartbeats do not wait for any processing. Records are fetched by assignment.
 */
export async function joinGroup(options: GroupOptions): Promise<Membership> {
  const { kafka, groupId, topic, own, onAssigned, onCrash, clock, pause, warn } = options;
  const owned = new Map<number, KafkaPartition>();
  let left = false;
  let admitted = false;
  let crashes = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  const heard = (): void => {
    heardAt = clock();
  };
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 200,
    metadataMaxAge: 15_000,
    allowAutoTopicCreation: false,
    retry: {
      ...{ initialRetryTime: 50, maxRetryTime: 1_000, retries: 10 },
      // Restarted after it has left, it would hold partitions that nobody works on.
      restartOnFailure: async () => {
        await pause(Math.min(REJOIN_MS, RESTART_STEP_MS * crashes++));
        return !left;
      },
    },
  });
  const confirmed = confirmation(consumer);
  const { GROUP_JOIN, HEARTBEAT, CRASH } = consumer.events;
  consumer.on(HEARTBEAT, heard);
  consumer.on(GROUP_JOIN, heard);
  let joined: () => void = () => undefined;
  let failed: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    joined = resolve;
    failed = reject;
  });
  // Where the broker answers with a crash before anybody waits for it.
  ready.catch(() => undefined);
  const loseAll = (): Promise<unknown> => {
    const losing = [...owned.values()].map((one) => one.lose());
    owned.clear();
    return Promise.all(losing);
  };
  consumer.on(GROUP_JOIN, ({ payload }) => {
    crashes = 0;
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
    admitted = true;
    joined();
  });
  const run = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    if (left) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: () => Promise.resolve(),
    });
    // Told to leave meanwhile: the group must not wait for it.
    if (left) await consumer.disconnect();
  };
  const rejoin = async (): Promise<void> => {
    await pause(REJOIN_MS);
    if (left) return;
    await run().catch((error: unknown) => {
      if (!logError('', error).retryable) throw error;
      return rejoin();
    });
  };
  const crashed = (error: Error): void => {
    if (left) return;
    if (passing(error)) {
      warn(`as a member of ${groupId} on ${topic}: ${error.message}; joining again`);
      rejoin().catch(crashed);
      return;
    }
    void loseAll();
    // Whoever waits to join is told, and nobody twice.
    if (admitted) onCrash(logError(`as a member of ${groupId} on ${topic}`, error));
    else failed(error);
  };
  consumer.on(CRASH, ({ payload: { error, restart } }) => {
    if (!restart) crashed(error);
  });
  const leave = async (): Promise<void> => {
    left = true;
    await Promise.all([loseAll(), consumer.disconnect()]);
  };
  try {
    await run();
    await ready;
  } catch (error) {
    await leave().catch(() => undefined);
    throw logError(`joining ${groupId}`, error);
  }
  return {
    get member() {
      return !left && clock() - heardAt < SESSION_MS;
    },
    leave,
  };
}

/**
 * Resolves at the next heartbeat that the broker accepts, when the group was joined anew, or at the loss; rejects
 * where none of it happens for long.
 */
function confirmation(consumer: Consumer): (lost: AbortSignal) => Promise<void> {
  const waiting = new Set<() => void>();
  const confirm = (): void => {
    for (const wake of waiting) wake();
  };
  consumer.on(consumer.events.HEARTBEAT, confirm);
  consumer.on(consumer.events.GROUP_JOIN, confirm);
  return (lost) =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        lost.removeEventListener('abort', wake);
      };
      const wake = (): void => {
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        reject(new LogError('Unavailable', 'the consumer group does not answer', { retryable: true }));
      }, CONFIRMATION_MS);
      waiting.add(wake);
      lost.addEventListener('abort', wake);
      if (lost.aborted) wake();
    });
}
