import type { Admin } from 'kafkajs';
import type { Batch } from '../batch.js';
import type {
  Commit,
  LogReader,
  LogRecord,
  Offset,
  Output,
  OwnedPartition,
  Position,
  PullOptions,
} from '../event-log.js';
import { LogError } from '../event-log.js';
import { commitError, logError } from './errors.js';
import { placeOf, rounds } from './rounds.js';
import { allOf, type TakeOverOptions, Transactions } from './transactions.js';

export interface OwnedOptions extends TakeOverOptions {
  readonly admin: () => Promise<Admin>;
  readonly reader: LogReader;
  readonly partition: number;
  /** Group id as the broker knows it. */
  readonly groupId: string;
  /**
   * Resolves once the broker has confirmed that this member belongs to the group's current generation, or
   * the partition is lost.
   */
  readonly confirmed: (lost: AbortSignal) => Promise<void>;
  /** Rejects where there is no such place, before anything of the commit is sent. */
  readonly checked: (topic: string, partition: number) => Promise<void>;
  /** Where the next record of the partition goes. */
  readonly end: () => Promise<Offset>;
  readonly warn: (message: string) => void;
}

/** One ownership of one partition of a group. */
export class KafkaPartition implements OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #lost = new AbortController();
  readonly #at: string;
  #producer: Transactions | null = null;
  #position: Position | null = null;
  #tookOver = false;

  constructor(readonly options: OwnedOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#at = `${options.topic}/${options.partition} in group ${options.groupId}`;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Resolves once nothing of it is connected any more. */
  async lose(): Promise<void> {
    this.#lost.abort();
    await this.close().catch(() => undefined);
  }

  get position(): Offset {
    return this.options.reader.position;
  }

  seek(offset: Offset): void {
    this.options.reader.seek(offset);
  }

  pull(options: PullOptions): Promise<Batch | null> {
    return this.options.reader.pull(options);
  }

  async close(): Promise<void> {
    await this.#dispose();
    await this.options.reader.close();
  }

  /**
   * Takes the partition over: a new producer, whose id fences the owner before and ends its open transaction,
   * which would hide everything behind it; only then the position is read.
   */
  async committed(): Promise<Position | null> {
    const { groupId, topic, partition, confirmed, admin } = this.options;
    // Whoever was fenced asks first whether it still belongs here, or two owners fence each other in turn.
    if (this.#tookOver) await confirmed(this.lost);
    if (this.lost.aborted) throw new LogError('Fenced', `${this.#at} is another's`);
    await this.#dispose();
    const producer = await Transactions.takeOver(this.options).catch((error: unknown) => {
      throw logError(`taking over ${this.#at}`, error);
    });
    try {
      const offsets = await (await admin()).fetchOffsets({ groupId, topics: [topic] });
      const found = offsets[0]?.partitions.find((one) => one.partition === partition);
      this.#position = await this.#within(positionOf(found));
    } catch (error) {
      await producer.close().catch(() => undefined);
      throw logError(`taking over ${this.#at}`, error);
    }
    this.#tookOver = true;
    if (this.lost.aborted) {
      await producer.close().catch(() => undefined);
      throw new LogError('Fenced', `${this.#at} is another's`);
    }
    this.#producer = producer;
    return this.#position;
  }

  /** A position beyond the end is one of another topic that had this name: null then. */
  async #within(position: Position | null): Promise<Position | null> {
    if (position === null) return null;
    const end = await this.options.end();
    if (position.next <= end) return position;
    this.options.warn(
      `${this.#at}: offset ${position.next} is committed, but the log ends at ${end}: the topic was created anew, ` +
        'or lost its end. It is read again from its first record on, as if for the first time; ' +
        'where it should be the old one, stop this, restore the topic, and start again',
    );
    return null;
  }

  async commit(outputs: readonly Output[], commit: Commit): Promise<Position> {
    const producer = this.#producer;
    if (!producer) throw new LogError('Fenced', `${this.#at} is not owned any more`);
    for (const one of outputs) await this.options.checked(one.topic, one.partition);
    try {
      const { topic, partition } = this;
      const checkpoint = 'checkpoint' in commit ? [{ topic, partition, records: commit.checkpoint }] : [];
      const write = (): Promise<Position> => this.#write(producer, outputs, commit);
      this.#position = await producer.transact([...checkpoint, ...outputs], this.options.groupId, write);
      return this.#position;
    } catch (error) {
      // A producer that failed stays unusable.
      await this.#dispose();
      throw commitError(this.#at, error);
    }
  }

  async #write(producer: Transactions, outputs: readonly Output[], commit: Commit): Promise<Position> {
    const { topic, partition, options } = this;
    let position: Position = {
      next: commit.next,
      state: this.#position?.state ?? null,
      replayFrom: this.#position?.replayFrom ?? 0,
    };
    if ('checkpoint' in commit) {
      const state = await this.#checkpoint(producer, commit.checkpoint);
      position = { next: commit.next, state, replayFrom: commit.replayFrom };
    }
    const { next, state, replayFrom } = position;
    const offset = { partition, offset: String(next), metadata: JSON.stringify({ state, replayFrom }) };
    const send = async (): Promise<void> => {
      for (const round of rounds(outputs)) await producer.send(round.outputs);
    };
    await allOf([send(), producer.commitOffsets(options.groupId, [{ topic, partitions: [offset] }])]);
    return position;
  }

  /** Where it begins. */
  async #checkpoint(producer: Transactions, parts: readonly LogRecord[]): Promise<Offset | null> {
    const { topic, partition } = this;
    let state: Offset | null = null;
    // One request per part: together they would be one record batch, and too large.
    for (const part of parts) {
      const bases = await producer.send([{ topic, partition, records: [part] }]);
      state ??= bases.get(placeOf({ topic, partition })) ?? 0;
    }
    return state;
  }

  async #dispose(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.close().catch(() => undefined);
  }
}

/** Offset and metadata of a group's commit; null where it has none. */
function positionOf(found: { offset: string; metadata: string | null } | undefined): Position | null {
  const next = Number(found?.offset ?? -1);
  if (next < 0) return null;
  const { state, replayFrom } = JSON.parse(found?.metadata || '{}') as Partial<Position>;
  return { next, state: state ?? null, replayFrom: replayFrom ?? 0 };
}
