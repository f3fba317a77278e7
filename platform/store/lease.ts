import { linkedAbort } from '../linked-abort.js';
import type { Store } from './store.js';

export interface LeaseOptions {
  readonly store: Store;
  /** What is leased: a key of the store. */
  readonly key: string;
  /**
   * Who asks; no two at a time may say the same. One that says after a restart what it said before it has
   * its lease back at once.
   */
  readonly owner: string;
  /** How long a lease lasts that nobody renews, ms. */
  readonly lastsMs: number;
  /** Monotonic, ms. */
  readonly clock: () => number;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Held {
  /** Aborted when the lease can no longer be relied upon. */
  readonly lost: AbortSignal;
  /** Gives it back, so that another can take it at once. Never rejects: otherwise it expires. */
  release(): Promise<void>;
}

/** So many times within its life a lease is renewed. */
const RENEWALS = 3;

/**
 * One of many does something at a time: whoever writes its name into a record that expires, by
 * compare-and-set. The holder counts the time from before it asked, so it lets go before the record does;
 * yet a process that stood still may act for a moment beside the next one, so what it does must bear that.
 */
export class Lease {
  readonly #options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Null while another holds it. Rejects where the store does. */
  async take(): Promise<Held | null> {
    const until = this.#options.clock() + this.#options.lastsMs;
    const version = await this.#write();
    if (version === null) return null;
    return new Holding(this.#options, { version, until }, () => this.#write());
  }

  /** Our name in the record, for a new term; its version, or null where another's name is there. */
  async #write(): Promise<number | null> {
    const { store, key, owner, lastsMs } = this.#options;
    for (;;) {
      // What we wrote may be there although we were told that writing failed.
      const found = await store.get(key);
      if (found !== null && found.value !== owner) return null;
      const version = found?.version ?? 0;
      if (await store.transact([{ key, value: owner, version, expiresInMs: lastsMs }])) return version + 1;
    }
  }
}

interface Term {
  readonly version: number;
  /** Until then, by our clock, the record is there for certain. */
  readonly until: number;
}

class Holding implements Held {
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #renewing: Promise<void>;
  #term: Term;

  constructor(
    readonly options: LeaseOptions,
    term: Term,
    readonly write: () => Promise<number | null>,
  ) {
    this.#term = term;
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    const { store, key } = this.options;
    this.#ended.abort();
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    this.#lost.abort();
    await store.transact([{ key, delete: true, version: this.#term.version }]).catch(() => false);
  }

  async #renew(): Promise<void> {
    const { clock, pause, lastsMs } = this.options;
    const { signal } = this.#ended;
    for (;;) {
      await pause(Math.min(lastsMs / RENEWALS, Math.max(0, this.#term.until - clock())), signal);
      if (signal.aborted) return;
      const until = clock() + lastsMs;
      const writing = this.#write();
      // An answer that comes too late must not hold us up in letting go.
      using answered = linkedAbort(signal);
      let version = await Promise.race([writing, this.#expiry(answered.signal)]);
      answered.abort();
      // Only what is given back is waited for: what is written behind that would keep it.
      if (signal.aborted) version = await writing;
      if (version === null || clock() >= this.#term.until) break;
      if (version !== 'unknown') this.#term = { version, until };
      if (signal.aborted) return;
    }
    this.#lost.abort();
  }

  #write(): Promise<number | 'unknown' | null> {
    return this.write().catch(() => 'unknown' as const);
  }

  async #expiry(signal: AbortSignal): Promise<'unknown'> {
    const { clock, pause } = this.options;
    await pause(Math.max(0, this.#term.until - clock()), signal);
    return 'unknown';
  }
}
