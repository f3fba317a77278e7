import type { Admin, Kafka } from 'kafkajs';
import { type EventLog, LogError, type Membership, type Offset, type TopicSpec } from '../event-log.js';
import { Appender } from './appender.js';
import { clusterOf, createClient, type KafkaSettings } from './client.js';
import type { Fetching } from './cluster.js';
import { Ends } from './ends.js';
import { logError, typeOf } from './errors.js';
import { wholeBatches } from './fetch.js';
import { joinGroup } from './group.js';
import { KafkaPartition } from './owned.js';
import { inOnePiece, recordByRecord } from './produce.js';
import { KafkaReader } from './reader.js';
import { framed } from './sockets.js';
import { Voice } from './voice.js';
import { type KafkaWriter, openWriter } from './writer.js';

export interface KafkaLogOptions extends KafkaSettings {
  /** Put before the names of groups and transactional ids. */
  readonly prefix?: string;
  /** Copies of every record; else three, or as many as there are brokers. */
  readonly replication?: number;
  /** `record`: records come and go as kafkajs does it by itself, one by one, which costs several times as much. */
  readonly by?: 'batch' | 'record';
  /** A member of a group cannot go on: the process has to end. */
  readonly onFatal: (error: Error) => void;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const asItComes = (broker: Fetching): Fetching => broker;
const clock = (): number => performance.now();
/** How long all brokers may take to hear of a new topic: so many looks, so far apart, ms. */
const MOST_LOOKS = 25;
const LOOK_EVERY_MS = 200;

/** The event log of the cluster, on Kafka. */
export function kafkaLog(options: KafkaLogOptions): EventLog {
  // Both say in one voice that a broker is away.
  const voice = new Voice(options.warn, clock);
  const kafka = createClient(options, { voice });
  const appender = new Appender(kafka);
  const prefix = options.prefix ?? 'tidemark-';
  const memberships = new Set<Membership>();
  const writers = new Set<KafkaWriter>();
  const ends = new Ends(kafka);
  const counts = new Map<string, number>();
  let connecting: Promise<Admin> | null = null;
  const admin = (): Promise<Admin> => {
    connecting ??= connect(kafka).catch((error: unknown) => {
      connecting = null;
      throw error;
    });
    return connecting;
  };
  const asking = async <T>(doing: string, ask: (one: Admin) => Promise<T>): Promise<T> => {
    try {
      return await ask(await admin());
    } catch (error) {
      throw logError(doing, error);
    }
  };
  const partitions = async (topic: string): Promise<number> => {
    const { topics } = await asking(`looking up topic ${topic}`, (one) =>
      one.fetchTopicMetadata({ topics: [topic] }),
    );
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new LogError('UnknownTopic', `there is no topic ${topic} on this broker`);
    counts.set(topic, count);
    return count;
  };
  const checked = async (topic: string, partition: number): Promise<void> => {
    // What was there stays there; beyond, there may be more by now.
    if (partition >= 0 && partition < (counts.get(topic) ?? 0)) return;
    if (!(partition >= 0 && partition < (await partitions(topic))))
      throw new LogError('UnknownTopic', `topic ${topic} has no partition ${partition}`);
  };
  const range = async (topic: string, partition: number): Promise<{ start: Offset; end: Offset }> => {
    await checked(topic, partition);
    // Once more where the leader has moved, or the connection was broken.
    return ends
      .of(topic, partition)
      .catch(() => ends.of(topic, partition))
      .catch((error: unknown) => {
        throw logError(`looking up offsets of ${topic}`, error);
      });
  };
  /** Of readers alone: what they get is large. */
  const readers = createClient(options, { voice, sockets: framed });
  const fetching = options.by === 'record' ? asItComes : wholeBatches(options.warn);
  const producing = options.by === 'record' ? recordByRecord : inOnePiece(options.warn, Date.now);
  const readerOf = (topic: string, partition: number, from: Offset): KafkaReader =>
    new KafkaReader({
      topic,
      partition,
      from,
      cluster: () => clusterOf(readers),
      fetching,
      first: async () => (await range(topic, partition)).start,
      clock,
      pause,
      warn: options.warn,
    });

  return {
    createTopics: (topics) => asking('creating topics', (one) => createTopics(one, topics, options)),
    partitions,
    append: async (output) => {
      await checked(output.topic, output.partition);
      return appender.append(output);
    },
    writer: async (name, topic, partition) => {
      await checked(topic, partition);
      const transactionalId = `${prefix}${name}-${topic}-${partition}`;
      const writer = await openWriter({ kafka, topic, partition, transactionalId, pause, producing });
      for (const one of writers) if (one.closed) writers.delete(one);
      writers.add(writer);
      return writer;
    },
    read: readerOf,
    range,
    offsetAt: async (topic, partition, time) => {
      const { end } = await range(topic, partition);
      if (!Number.isFinite(time)) return time > 0 ? end : (await range(topic, partition)).start;
      const offsets = await asking(`looking up offsets of ${topic}`, (one) =>
        one.fetchTopicOffsetsByTimestamp(topic, Math.max(0, Math.floor(time))),
      );
      const found = Number(offsets.find((one) => one.partition === partition)?.offset ?? -1);
      return found < 0 ? end : found;
    },
    join: async (group, topic, onAssigned) => {
      await partitions(topic);
      const groupId = `${prefix}${group}`;
      const own = (partition: number, confirmed: (lost: AbortSignal) => Promise<void>): KafkaPartition =>
        new KafkaPartition({
          kafka,
          admin,
          reader: readerOf(topic, partition, 0),
          topic,
          partition,
          groupId,
          transactionalId: `${groupId}-${topic}-${partition}`,
          confirmed,
          checked,
          end: async () => (await range(topic, partition)).end,
          warn: options.warn,
          pause,
          producing,
        });
      const membership = await joinGroup({
        kafka,
        groupId,
        topic,
        own,
        onAssigned,
        onCrash: options.onFatal,
        warn: options.warn,
        clock,
        pause,
      });
      memberships.add(membership);
      return {
        get member() {
          return membership.member;
        },
        leave: async () => {
          memberships.delete(membership);
          await membership.leave();
        },
      };
    },
    close: async () => {
      for (const one of memberships) await one.leave();
      for (const one of writers) await one.close();
      await appender.close();
      await ends.close();
      await (await connecting?.catch(() => null))?.disconnect();
    },
  };
}

async function connect(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin({ retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 } });
  await admin.connect();
  return admin;
}

async function createTopics(
  admin: Admin,
  topics: readonly TopicSpec[],
  { replication }: KafkaLogOptions,
): Promise<void> {
  const copies = replication ?? Math.min(3, (await admin.describeCluster()).brokers.length);
  for (const topic of topics) {
    for (let left = MOST_LOOKS; ; left--) {
      try {
        await createTopic(admin, topic, copies);
        break;
      } catch (error) {
        if (!(error instanceof LogError && error.retryable) || left === 0) throw error;
        await pause(LOOK_EVERY_MS);
      }
    }
  }
}

async function createTopic(
  admin: Admin,
  { name, partitions, retentionMs }: TopicSpec,
  copies: number,
): Promise<void> {
  await admin
    .createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: name,
          numPartitions: partitions,
          replicationFactor: copies,
          configEntries: [
            { name: 'retention.ms', value: String(retentionMs ?? -1) },
            // Event time may lie far back: it must neither be refused nor deleted for that.
            { name: 'message.timestamp.type', value: 'LogAppendTime' },
          ],
        },
      ],
    })
    .catch((error: unknown) => {
      if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') throw notKnownYet(name, error);
      if (!/TOPIC_ALREADY_EXISTS/.test(typeOf(error))) throw error;
    });
  const count = await createdCount(admin, name);
  if (count !== partitions) {
    throw new LogError(
      'PartitionCountDiffers',
      `topic ${name} has ${count} partitions, not ${partitions}: the number never changes`,
    );
  }
}

async function createdCount(admin: Admin, topic: string): Promise<number> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  } catch (cause) {
    throw notKnownYet(topic, cause);
  }
}

/** A broker may not have heard yet of a topic that was created a moment ago: trying again helps. */
const notKnownYet = (topic: string, cause: unknown): LogError =>
  new LogError('Unavailable', `topic ${topic} is not known everywhere yet`, { cause, retryable: true });
