import type { Offset } from '../../platform/log/event-log.js';
import type { Entry } from './scan.js';

/**
 * So much of the newest is kept for those who are a little behind, and so much is read at once for those who are
 * further, in bytes as they lie in the log; here they are several times as many.
 */
export const KEPT_BYTES = 256 * 1024;

/** What was read of a partition up to `next`. */
export interface Page {
  readonly entries: readonly Entry[];
  readonly next: Offset;
}

/** The newest of one partition, as it comes, for all who follow it. */
export class Tail {
  readonly #entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();
  #bytes = 0;
  /** What is kept covers all from here on; null before it is known where the end is. */
  #from: Offset | null = null;
  #next: Offset = 0;
  #failed: { readonly error: unknown } | null = null;

  get failed(): boolean {
    return this.#failed !== null;
  }

  /** Whether nothing is missing from the offset on. Throws what ended the tail. */
  covers(at: Offset): boolean {
    if (this.#failed) throw this.#failed.error;
    return this.#from !== null && at >= this.#from;
  }

  /** What is kept from an offset on that it covers. */
  since(at: Offset): Page {
    const behind = this.#entries.findLastIndex(({ next }) => next <= at);
    return { entries: this.#entries.slice(behind + 1), next: Math.max(at, this.#next) };
  }

  /** Resolves once there is something behind the offset, the tail has failed, or the signal is aborted. */
  news(at: Offset, signal: AbortSignal): Promise<void> {
    if (this.#next > at || this.#failed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** The offset from which on it is read. */
  begin(at: Offset): void {
    this.#from = this.#next = at;
  }

  /** What came, and the offset up to which all is read. */
  take(entries: readonly Entry[], next: Offset): void {
    for (const entry of entries) this.#keep(entry);
    this.#next = Math.max(this.#next, next);
    this.#wake();
  }

  /** Whoever follows it is told. */
  fail(error: unknown): void {
    this.#failed = { error };
    this.#wake();
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    while (this.#bytes > KEPT_BYTES) {
      const oldest = this.#entries.shift();
      if (!oldest) break;
      this.#bytes -= oldest.bytes;
      this.#from = oldest.next;
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
