import type { Batch } from './batch.js';
import type { LogRecord, Offset } from './record.js';

export type { LogRecord, Offset };

/** Records for one partition, in order. */
export interface Output {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Records may be deleted this long after they were appended, ms; null keeps them for ever. */
  readonly retentionMs: number | null;
}

/** What a commit remembers about an input partition. */
export interface Position {
  /** Offset of the first record that is not yet processed. */
  readonly next: Offset;
  /** Offset of part 0 of the newest checkpoint in this very partition; null before the first. */
  readonly state: Offset | null;
  /** The offset that the checkpoint stands for: replay from here, muted below `next`. */
  readonly replayFrom: Offset;
}

/** What to commit: the position alone, or with a new checkpoint, whose offset the log finds out. */
export type Commit =
  | { readonly next: Offset }
  | { readonly next: Offset; readonly replayFrom: Offset; readonly checkpoint: readonly LogRecord[] };

export interface PullOptions {
  /** How long to wait for data, ms; 0 does not wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** Reads one partition without a group. */
export interface LogReader {
  /** The next batch, or null when none came in time. Its bytes are valid until the next pull. */
  pull(options: PullOptions): Promise<Batch | null>;
  /** The next pull begins at this offset, or at the first retained one after it. */
  seek(offset: Offset): void;
  /** All that can be read before it was handed out: the next pull begins here or later. */
  readonly position: Offset;
  close(): Promise<void>;
}

/** Appends to one partition under a name. */
export interface PartitionWriter {
  /**
   * All of the records or none; resolves to the offset behind the last. Rejects with `Fenced` (a newer writer of
   * the name took over) or `Unknown` (outcome unknown: open a new one and look); any other error wrote nothing.
   */
  append(records: readonly LogRecord[]): Promise<Offset>;
  close(): Promise<void>;
}

/** One input partition that this member of a group owns. One owner, one writer. */
export interface OwnedPartition extends LogReader {
  readonly topic: string;
  readonly partition: number;
  /** Aborted when the partition is lost to another member, or the membership ends. */
  readonly lost: AbortSignal;
  committed(): Promise<Position | null>;
  /**
   * Appends outputs (and the checkpoint, to this partition), and moves the position, all or nothing.
   * Rejects with `Fenced` (another owner took over) or `Unknown` (outcome unknown: drop the state and
   * take over afresh). A position alone keeps the checkpoint of the commit before.
   */
  commit(outputs: readonly Output[], commit: Commit): Promise<Position>;
}

export interface Membership {
  /** Whether the group counts on this member: it has not been out of touch for so long as to be put out. */
  readonly member: boolean;
  /** Gives the partitions back: `lost` is aborted first, the promise resolves when all is released. */
  leave(): Promise<void>;
}

/** Topics with partitions: an ordered, durable log. `append` resolves when the records are durable. */
export interface EventLog {
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Number of partitions; rejects with `UnknownTopic`. */
  partitions(topic: string): Promise<number>;
  /** Resolves to the offset of the first record. */
  append(output: Output): Promise<Offset>;
  /**
   * The writer of that name in a partition, from now on: it fences those before it, also in other processes.
   * Whatever they wrote is in the log when this resolves, and nothing of theirs comes behind it.
   */
  writer(name: string, topic: string, partition: number): Promise<PartitionWriter>;
  read(topic: string, partition: number, from: Offset): LogReader;
  /** Offset of the first retained record, and of the next one to be appended. */
  range(topic: string, partition: number): Promise<{ readonly start: Offset; readonly end: Offset }>;
  /** Offset of the first record appended at or after the time (ms since the epoch); the end if none. */
  offsetAt(topic: string, partition: number, time: number): Promise<Offset>;
  /** Joins a consumer group on a topic; `onAssigned` is called for every partition this member gets. */
  join(group: string, topic: string, onAssigned: (partition: OwnedPartition) => void): Promise<Membership>;
  close(): Promise<void>;
}

export type LogErrorCode =
  | 'Fenced'
  | 'Unknown'
  | 'UnknownTopic'
  | 'PartitionCountDiffers'
  | 'WriterExists'
  | 'Unavailable'
  | 'TooLarge'
  | 'Unreadable'
  | 'Refused'
  | 'NoSpace'
  | 'Closed';

/** An error of the log, with whether trying again can help as data. */
export class LogError extends Error {
  constructor(
    readonly code: LogErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'LogError';
    this.retryable = options.retryable ?? false;
  }

  readonly retryable: boolean;
}
