import { type Batch, FrameBatch } from '../batch.js';
import { LogError, type LogReader, type Offset, type PullOptions } from '../event-log.js';
import type { Cluster, FetchedPartition, Fetching } from './cluster.js';
import { isFinal, logError, typeOf } from './errors.js';
import { takeMessages } from './messages.js';
import { RecordBatches } from './record-batches.js';

/** A fetch waits no longer than this at the broker, so that an abort is heard soon, ms. */
const LONGEST_WAIT_MS = 250;
const READ_COMMITTED = 1;
/**
 * Of one fetch: twice as much each time, so that the first records of a backlog are soon at hand. Four times as much
 * at most is no faster, and is resident four times per stage.
 */
const MAX_BYTES = { first: 512 * 1024, most: 4 * 1024 * 1024 } as const;
/** How long to wait before a fetch that failed is tried again, ms: longer each time, up to a second. */
const RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

/** So many attempts fail before whoever pulls is told: a broker that is restarted is back by then. */
const MOST_ATTEMPTS = 30;
/** Nor longer than so, where each attempt takes its time: a network that is cut says nothing, ms. */
const LONGEST_ATTEMPTS_MS = 60_000;
/** For so long another's open transaction hides what lies behind it before that is said, ms. */
const LONG_HIDDEN_MS = 60_000;

export interface ReaderOptions {
  readonly topic: string;
  readonly partition: number;
  readonly from: Offset;
  /** A cluster of its own: requests of one connection are answered one after the other, long waits too. */
  readonly cluster: () => Cluster<Fetching>;
  /** How a broker is asked; by itself it makes an object of every record. */
  readonly fetching: (broker: Fetching) => Fetching;
  /** Offset of the first retained record. */
  readonly first: () => Promise<Offset>;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly warn: (message: string) => void;
}

/** Reads one partition by assignment, read committed, without a group. */
export class KafkaReader implements LogReader {
  readonly #whole = new RecordBatches();
  /** What came record by record. */
  readonly #single = new FrameBatch();
  #offset: Offset;
  #maxBytes: number = MAX_BYTES.first;
  #cluster: Cluster<Fetching> | null = null;
  #closed = false;
  #underWay: Promise<unknown> = Promise.resolve();
  /** Where it was said that it stands beyond the end. */
  #beyond: Offset | null = null;
  /** Since when something is there that is not to be seen; said once. */
  #hidden: { readonly at: Offset; readonly since: number; said: boolean } | null = null;

  constructor(readonly options: ReaderOptions) {
    this.#offset = options.from;
  }

  get position(): Offset {
    return this.#offset;
  }

  seek(offset: Offset): void {
    this.#offset = offset;
  }

  pull(options: PullOptions): Promise<Batch | null> {
    const pulled = this.#pull(options);
    this.#underWay = pulled.catch(() => undefined);
    return pulled;
  }

  async #pull({ waitMs, signal }: PullOptions): Promise<Batch | null> {
    const { topic, partition, clock, pause } = this.options;
    const until = clock() + waitMs;
    let failingSince = 0;
    for (let attempt = 0; ; ) {
      const left = Math.max(0, until - clock());
      try {
        const before = this.#offset;
        const batch = await this.#fetch(Math.min(left, LONGEST_WAIT_MS));
        if (batch !== null && batch.count > 0) return batch;
        // Markers and aborted records move the position, and are nothing to hand out.
        if (this.#offset === before && (left === 0 || signal?.aborted || this.#closed)) return null;
        attempt = 0;
      } catch (error) {
        if (signal?.aborted || this.#closed) return null;
        if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') {
          const before = this.#offset;
          this.#offset = Math.max(before, await this.options.first());
          // Beyond the end: whatever is appended there comes, as from any other offset.
          if (this.#offset === before) this.#waitsBeyond();
          if (this.#offset === before && left === 0) return null;
        } else {
          if (attempt++ === 0) failingSince = clock();
          // A topic that is not known may be one of which another broker has not heard.
          const hopeless = isFinal(error) && typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION';
          if (hopeless || attempt > MOST_ATTEMPTS || clock() - failingSince > LONGEST_ATTEMPTS_MS)
            throw logError(`reading ${topic}/${partition}`, error);
          // Another broker may lead by now, or the one that did may be gone.
          await this.#cluster?.refreshMetadata().catch(() => undefined);
        }
        await pause(Math.min(LAST_RETRY_MS, RETRY_MS * Math.max(1, attempt)));
      }
    }
  }

  /** After what is under way: a request to a cluster that is disconnected connects it again, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#underWay;
    const cluster = this.#cluster;
    this.#cluster = null;
    await cluster?.disconnect();
  }

  #waitsBeyond(): void {
    if (this.#beyond === this.#offset) return;
    this.#beyond = this.#offset;
    const { topic, partition, warn } = this.options;
    warn(
      `reading ${topic}/${partition}: the log ends before offset ${this.#offset}, which is waited for; ` +
        'where the topic was created anew, start this process again',
    );
  }

  async #fetch(maxWaitTime: number): Promise<Batch | null> {
    this.#whole.clear();
    const found = await this.#ask(maxWaitTime);
    if (!found) return null;
    const taking = { from: this.#offset, aborted: found.abortedTransactions ?? [] };
    const batch = found.records ? this.#whole : this.#single;
    if (found.records) this.#offset = await this.#whole.load(found.records, taking);
    else this.#offset = takeMessages(this.#single, found.messages, taking);
    batch.more = Number(found.lastStableOffset ?? 0) > this.#offset;
    this.#watchHidden(Number(found.highWatermark));
    return batch;
  }

  /** Transactions end by themselves, in minutes; only one whose coordinator has forgotten it never does. */
  #watchHidden(end: Offset): void {
    const { topic, partition, clock, warn } = this.options;
    const [at, now] = [this.#offset, clock()];
    if (end <= at) this.#hidden = null;
    else if (this.#hidden?.at !== at) this.#hidden = { at, since: now, said: false };
    else if (!this.#hidden.said && now - this.#hidden.since >= LONG_HIDDEN_MS) {
      this.#hidden.said = true;
      warn(
        `reading ${topic}/${partition}: a transaction has been open at offset ${at} for a minute, and hides ` +
          `${end - at} offsets; where its writer has ended, kafka-transactions.sh find-hanging and abort end it`,
      );
    }
  }

  async #ask(maxWaitTime: number): Promise<FetchedPartition | null> {
    const { topic, partition } = this.options;
    const cluster = await this.#connected();
    await cluster.refreshMetadataIfNecessary();
    const [nodeId] = Object.entries(cluster.findLeaderForPartitions(topic, [partition])).find(([, led]) =>
      led.includes(partition),
    ) ?? [undefined];
    if (nodeId === undefined)
      throw Object.assign(new Error('it has no leader'), { type: 'LEADER_NOT_AVAILABLE' });
    const broker = await cluster.findBroker({ nodeId });
    const maxBytes = this.#maxBytes;
    const place = { partition, fetchOffset: String(this.#offset), maxBytes };
    const { responses } = await this.options.fetching(broker).fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime,
      minBytes: 1,
      maxBytes,
      topics: [{ topic, partitions: [place] }],
    });
    this.#maxBytes = Math.min(MAX_BYTES.most, 2 * maxBytes);
    return responses[0]?.partitions[0] ?? null;
  }

  async #connected(): Promise<Cluster<Fetching>> {
    if (this.#cluster) return this.#cluster;
    const { topic, partition } = this.options;
    if (this.#closed) throw new LogError('Closed', `the reader of ${topic}/${partition} is closed`);
    const cluster = this.options.cluster();
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      if (this.#closed) throw new LogError('Closed', `the reader of ${topic}/${partition} is closed`);
    } catch (error) {
      // A connection that nobody ends would keep the process alive.
      await cluster.disconnect().catch(() => undefined);
      throw error;
    }
    this.#cluster = cluster;
    return cluster;
  }
}
