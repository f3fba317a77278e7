import { type Batch, FrameBatch } from '../batch.js';
import type { LogReader, Offset, PullOptions } from '../event-log.js';
import type { Partition } from './partition.js';

/** A pull takes so much at most, bytes; one chunk always. On a backlog it is what a commit costs once. */
export const PULL_BYTES = 4 * 1024 * 1024;

/** Wakes those who wait for records of a partition. */
export interface Waker {
  /** `woken` resolves when records may have come, after `ms`, when the signal is aborted, or at `cancel`. */
  wait(
    ms: number,
    signal: AbortSignal | undefined,
  ): { readonly woken: Promise<void>; readonly cancel: () => void };
}

/** Reads one partition; each pull in its own short read transaction. */
export class LmdbReader implements LogReader {
  readonly #batch = new FrameBatch();
  #offset: Offset;

  constructor(
    readonly source: Partition,
    from: Offset,
    readonly waker: Waker,
    readonly clock: () => number,
  ) {
    this.#offset = from;
  }

  get position(): Offset {
    return this.#offset;
  }

  seek(offset: Offset): void {
    this.#offset = offset;
  }

  async pull({ waitMs, signal }: PullOptions): Promise<Batch | null> {
    const until = this.clock() + waitMs;
    for (;;) {
      // The wait is registered before looking, so that nothing appended in between is slept through.
      const left = until - this.clock();
      const { woken, cancel } = this.waker.wait(left, signal);
      const batch = this.#read();
      if (batch !== null || left <= 0 || signal?.aborted) {
        cancel();
        return batch;
      }
      await woken;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #read(): Batch | null {
    const batch = this.#batch;
    batch.clear();
    this.source.db.resetReadTxn();
    for (const { base, next, count, frames } of this.source.chunks(this.#offset)) {
      if (batch.count > 0 && batch.size + frames.length > PULL_BYTES) {
        batch.more = true;
        break;
      }
      if (base >= this.#offset) batch.pushFrames(frames, count, next);
      else batch.pushFrom(frames, this.#offset);
    }
    if (batch.count === 0) return null;
    this.#offset = batch.next;
    return batch;
  }
}
