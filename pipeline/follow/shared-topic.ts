import type { Codec } from '../../platform/codec/codec.js';
import type { Patience } from '../../platform/codec/load.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { Batch } from '../../platform/log/batch.js';
import type { EventLog, LogReader, Offset } from '../../platform/log/event-log.js';
import { decodeBatch, type Entry, patiently, pullPatiently } from './scan.js';
import { KEPT_BYTES, type Page, Tail } from './tail.js';
import { Turn } from './turn.js';

const WAIT_MS = 60_000;
/** How soon it is looked again for what an open transaction hides before the tail, ms. */
const HIDDEN_MS = 250;

export interface SharedTopicOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly topic: string;
  /** Its signal ends all reading. */
  readonly patience: Patience;
}

/** A topic that many follow, each from where it likes, over two readers per partition. */
export class SharedTopic {
  readonly #partitions = new Map<number, SharedPartition>();

  constructor(readonly options: SharedTopicOptions) {}

  /** All from the offset on, page by page; one that is empty and goes no further says that there is no more now. */
  follow(partition: number, from: Offset, signal: AbortSignal): AsyncGenerator<Page> {
    const shared = this.#partitions.get(partition) ?? new SharedPartition(this.options, partition);
    this.#partitions.set(partition, shared);
    return shared.follow(from, signal);
  }

  /** Resolves once nothing is read any more, after the signal. */
  async close(): Promise<void> {
    for (const one of this.#partitions.values()) await one.close();
  }
}

/** One reader follows the end for all; another is lent, page by page, to whoever is behind what was kept of it. */
class SharedPartition {
  readonly #lent = new Turn();
  #reader: LogReader | null = null;
  /** What that reader brought and nobody has been given yet, with its offset. */
  #rest: { readonly at: Offset; readonly batch: Batch } | null = null;
  #followers = 0;
  #tail = new Tail();
  #stop = new AbortController();
  /** Resolves when no tail is read any more. */
  #ended: Promise<void> = Promise.resolve();

  constructor(
    readonly options: SharedTopicOptions,
    readonly partition: number,
  ) {}

  async *follow(from: Offset, signal: AbortSignal): AsyncGenerator<Page> {
    // Of a tail that has failed a follower may still hold a page.
    if (this.#followers++ === 0 || this.#tail.failed) this.#start();
    const tail = this.#tail;
    try {
      for (let at = from; !signal.aborted; ) {
        const page = tail.covers(at) ? tail.since(at) : await this.#older(at);
        yield page;
        if (page.next > at) at = page.next;
        else if (tail.covers(at)) await tail.news(at, signal);
        else await this.options.patience.pause(HIDDEN_MS, signal);
      }
    } finally {
      if (--this.#followers === 0) {
        this.#stop.abort();
        await this.#release();
      }
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#release();
    await this.#ended;
  }

  #start(): void {
    const [tail, stop] = [new Tail(), new AbortController()];
    this.#tail = tail;
    this.#stop = stop;
    const before = this.#ended;
    this.#ended = this.#read(tail, stop.signal)
      .catch((error: unknown) => {
        if (!this.options.patience.signal.aborted) tail.fail(error);
      })
      .then(() => before);
  }

  async #read(tail: Tail, stopped: AbortSignal): Promise<void> {
    const { log, codec, topic, patience: given } = this.options;
    using stop = linkedAbort(given.signal, stopped);
    const patience = { ...given, signal: stop.signal };
    const range = await patiently(patience, () => log.range(topic, this.partition));
    if (!range) return;
    const reader = log.read(topic, this.partition, range.end);
    try {
      tail.begin(range.end);
      while (!stop.signal.aborted) {
        const batch = await pullPatiently(reader, WAIT_MS, patience);
        const entries: Entry[] = [];
        if (batch) for await (const entry of decodeBatch(codec, batch, patience)) entries.push(entry);
        tail.take(entries, reader.position);
      }
    } finally {
      await reader.close();
    }
  }

  #older(at: Offset): Promise<Page> {
    const { log, codec, topic, patience } = this.options;
    return this.#lent.take(async () => {
      const rest = this.#rest;
      this.#rest = null;
      const reader = this.#reader ?? log.read(topic, this.partition, at);
      this.#reader = reader;
      if (rest?.at !== at) reader.seek(at);
      const batch = rest?.at === at ? rest.batch : await pullPatiently(reader, 0, patience);
      const entries: Entry[] = [];
      let bytes = 0;
      if (!batch) return { entries, next: reader.position };
      for await (const entry of decodeBatch(codec, batch, patience)) {
        entries.push(entry);
        bytes += entry.bytes;
        if (bytes < KEPT_BYTES) continue;
        this.#rest = { at: entry.next, batch };
        return { entries, next: entry.next };
      }
      return { entries, next: reader.position };
    });
  }

  #release(): Promise<void> {
    return this.#lent.take(async () => {
      if (this.#followers > 0 && !this.#stop.signal.aborted) return;
      const reader = this.#reader;
      this.#reader = this.#rest = null;
      await reader?.close();
    });
  }
}
