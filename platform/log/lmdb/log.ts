import type { Environment } from '../../lmdb/environment.js';
import {
  type Commit,
  type EventLog,
  LogError,
  type Output,
  type Position,
  type TopicSpec,
} from '../event-log.js';
import { Group, type Owner } from './groups.js';
import { Partition } from './partition.js';
import { LmdbReader } from './reader.js';
import { applyRetention } from './retention.js';
import { Wakers } from './wakers.js';
import { openWriter } from './writer.js';

export interface LmdbLogOptions {
  /** Wall clock, ms since the epoch. */
  readonly clock?: () => number;
  /** How often retention is applied, ms. */
  readonly retentionEvery?: number;
}

export interface LmdbLog extends EventLog {
  /** Deletes what is older than its topic's retention and held by no group. */
  applyRetention(): Promise<void>;
}

/** A reading process looks for what the writer appended this often, ms. */
const POLL_MS = 100;

/** The event log of the embedded mode. */
export function lmdbLog(
  environment: Environment,
  { clock = Date.now, retentionEvery = 60_000 }: LmdbLogOptions = {},
): LmdbLog {
  const { db } = environment;
  const partitions = new Map<string, Partition>();
  const groups = new Map<string, Group>();
  const epochs = new Map<string, number>();
  const wakers = new Wakers(environment.mode === 'read' ? POLL_MS : 60_000);

  const spec = (topic: string): TopicSpec => {
    const value = db.get(['t', topic]);
    if (!value) throw new LogError('UnknownTopic', `there is no topic ${topic} in ${environment.path}`);
    return JSON.parse(value.toString()) as TopicSpec;
  };
  const partitionAt = (topic: string, partition: number): Partition => {
    const place = `${topic}/${partition}`;
    const known = partitions.get(place);
    if (known) return known;
    if (!(partition >= 0 && partition < spec(topic).partitions)) {
      throw new LogError('UnknownTopic', `topic ${topic} has no partition ${partition}`);
    }
    const opened = new Partition(db, topic, partition);
    partitions.set(place, opened);
    return opened;
  };
  const readerOf = (topic: string, partition: number, from: number): LmdbReader =>
    new LmdbReader(partitionAt(topic, partition), from, wakers.of(topic, partition), () => performance.now());

  const commit = async (
    at: { group: string; topic: string; partition: number; epoch: number },
    outputs: readonly Output[],
    position: Commit,
  ): Promise<Position> => {
    const { group, topic, partition, epoch } = at;
    const key = ['c', group, topic, partition];
    const written = await environment.write(() => {
      if (epochs.get(key.join('/')) !== epoch) {
        throw new LogError('Fenced', `${topic}/${partition} was taken over in group ${group}`);
      }
      const now = clock();
      for (const output of outputs) partitionAt(output.topic, output.partition).append(output.records, now);
      const committed = nextPosition(readPosition(db.get(key)), position, (records) =>
        partitionAt(topic, partition).append(records, now),
      );
      db.put(key, Buffer.from(JSON.stringify(committed)));
      return committed;
    });
    // Visible is enough here: after a power loss the whole environment is as it was at one commit.
    for (const output of outputs) wakers.wake(output.topic, output.partition);
    if ('checkpoint' in position) wakers.wake(topic, partition);
    return written;
  };

  const own = (group: string, topic: string, partition: number): Owner => {
    const key = ['c', group, topic, partition];
    const epoch = (epochs.get(key.join('/')) ?? 0) + 1;
    epochs.set(key.join('/'), epoch);
    const lost = new AbortController();
    const reader = readerOf(topic, partition, 0);
    return {
      lose: () => lost.abort(),
      partition: {
        topic,
        partition,
        lost: lost.signal,
        committed: () => Promise.resolve(readPosition(db.get(key))),
        seek: (offset) => reader.seek(offset),
        get position() {
          return reader.position;
        },
        pull: (options) => reader.pull(options),
        close: () => reader.close(),
        commit: (outputs, position) => commit({ group, topic, partition, epoch }, outputs, position),
      },
    };
  };

  const log: LmdbLog = {
    createTopics: async (topics) => {
      await environment.write(() => {
        for (const topic of topics) createTopic(environment, topic);
      });
    },
    partitions: async (topic) => spec(topic).partitions,
    append: async ({ topic, partition, records }) => {
      const first = await environment.write(() => partitionAt(topic, partition).append(records, clock()));
      // Readers need not wait for the disk: what they make of it is lost with it, if it is.
      wakers.wake(topic, partition);
      await environment.flushed();
      return first;
    },
    writer: async (name, topic, partition) =>
      openWriter({ environment, name, at: partitionAt(topic, partition), clock, wakers }),
    read: readerOf,
    range: async (topic, partition) => {
      db.resetReadTxn();
      return partitionAt(topic, partition).range();
    },
    offsetAt: async (topic, partition, time) => {
      db.resetReadTxn();
      return partitionAt(topic, partition).offsetAt(time);
    },
    join: async (group, topic, onAssigned) => {
      const place = `${group}/${topic}`;
      const joined = groups.get(place) ?? new Group(spec(topic).partitions, (p) => own(group, topic, p));
      groups.set(place, joined);
      return joined.join(onAssigned);
    },
    applyRetention: () => applyRetention(environment, { clock, partitionAt }),
    close: async () => clearInterval(timer),
  };
  const timer = setInterval(() => void log.applyRetention().catch(() => {}), retentionEvery);
  timer.unref();
  if (environment.mode === 'read') clearInterval(timer);
  return log;
}

function createTopic({ db }: Environment, topic: TopicSpec): void {
  const known = db.get(['t', topic.name]);
  const before = known ? (JSON.parse(known.toString()) as TopicSpec) : null;
  if (before && before.partitions !== topic.partitions) {
    throw new LogError(
      'PartitionCountDiffers',
      `topic ${topic.name} has ${before.partitions} partitions, not ${topic.partitions}: the number never changes`,
    );
  }
  db.put(['t', topic.name], Buffer.from(JSON.stringify(topic)));
}

const readPosition = (value: Buffer | undefined): Position | null =>
  value ? (JSON.parse(value.toString()) as Position) : null;

/** A position alone keeps the checkpoint of the commit before. */
function nextPosition(
  before: Position | null,
  commit: Commit,
  append: (records: Extract<Commit, { checkpoint: unknown }>['checkpoint']) => number,
): Position {
  if ('checkpoint' in commit)
    return { next: commit.next, state: append(commit.checkpoint), replayFrom: commit.replayFrom };
  return { next: commit.next, state: before?.state ?? null, replayFrom: before?.replayFrom ?? 0 };
}
