import { ERRORS, type Lock, type Locker, type RequestRelease } from '@tus/server';
import { linkedAbort } from '../../platform/linked-abort.js';
import { type Held, Lease } from '../../platform/store/lease.js';
import type { Store } from '../../platform/store/store.js';

export interface UploadLocksOptions {
  readonly store: Store;
  /** Name of this replica: no two at a time may have the same. */
  readonly replica: string;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The lease of a replica that died with it lasts so long, ms. */
const LEASE_MS = 10_000;
/** Whoever comes second waits so long, ms, for the other to let go; and looks so often, where that is another replica. */
const WAIT_MS = 12_000;
const LOOK_MS = 500;

interface Holder {
  readonly letGo: RequestRelease;
  readonly ended: AbortController;
  held: Held | null;
}

/**
 * One request at a time writes to an upload, over all replicas. A client that lost its connection comes again while
 * the old request still waits for bytes: that one is asked to let go. (The locker of the library does not know of
 * other replicas, and waits in a loop that takes the CPU.)
 */
export class UploadLocks implements Locker {
  readonly #holders = new Map<string, Holder>();

  constructor(readonly options: UploadLocksOptions) {}

  newLock(id: string): Lock {
    return {
      lock: (signal, letGo) => this.#lock(id, signal, letGo),
      unlock: () => this.#unlock(id),
    };
  }

  async #lock(id: string, signal: AbortSignal, letGo: RequestRelease): Promise<void> {
    const { monotonic, pause } = this.options;
    const until = monotonic() + WAIT_MS;
    for (let other = this.#holders.get(id); other; other = this.#holders.get(id)) {
      void other.letGo();
      using over = linkedAbort(signal, other.ended.signal);
      await pause(Math.max(0, until - monotonic()), over.signal);
      if (signal.aborted || monotonic() >= until) throw ERRORS.ERR_LOCK_TIMEOUT;
    }
    const holder: Holder = { letGo, ended: new AbortController(), held: null };
    this.#holders.set(id, holder);
    try {
      holder.held = await this.#lease(id, until, signal);
      holder.held.lost.addEventListener('abort', () => void letGo(), { once: true });
    } catch (error) {
      this.#end(id, holder);
      throw error;
    }
  }

  async #lease(id: string, until: number, signal: AbortSignal): Promise<Held> {
    const { store, replica: owner, monotonic: clock, pause } = this.options;
    const lease = new Lease({ store, key: `lease/upload/${id}`, owner, lastsMs: LEASE_MS, clock, pause });
    for (;;) {
      const held = await lease.take();
      if (held !== null) return held;
      if (signal.aborted || clock() >= until) throw ERRORS.ERR_LOCK_TIMEOUT;
      await pause(LOOK_MS, signal);
    }
  }

  async #unlock(id: string): Promise<void> {
    const holder = this.#holders.get(id);
    if (!holder) return;
    await holder.held?.release();
    this.#end(id, holder);
  }

  #end(id: string, holder: Holder): void {
    this.#holders.delete(id);
    holder.ended.abort();
  }
}
