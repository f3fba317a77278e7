import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openEnvironment } from '../lmdb/environment.js';
import { leaseContract } from './lease.contract.js';
import { lmdbStore } from './lmdb/store.js';
import type { Store } from './store.js';

/** A clock that stands still while anybody is at work, and those who wait for it. */
class Time {
  now = 0;
  #busy = 0;
  readonly #sleepers = new Set<{ readonly at: number; wake(): void }>();

  readonly pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { at: this.now + ms, wake };
      this.#sleepers.add(sleeper);
      if (signal.aborted) wake();
      else signal.addEventListener('abort', wake);
    });

  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; this.now++) {
      for (const { at, wake } of [...this.#sleepers]) if (at <= this.now) wake();
      do await setImmediate();
      while (this.#busy > 0);
    }
  }

  watch(store: Store): Store {
    const during = async <T>(work: Promise<T>): Promise<T> => {
      this.#busy++;
      return work.finally(() => this.#busy--);
    };
    return {
      ...store,
      get: (key) => during(store.get(key)),
      transact: (writes) => during(store.transact(writes)),
    };
  }
}

leaseContract(async () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-lease-'));
  const environment = openEnvironment({ path, mode: 'write' });
  const time = new Time();
  return {
    store: time.watch(lmdbStore(environment, { clock: () => time.now })),
    lastsMs: 600,
    clock: () => time.now,
    pause: time.pause,
    pass: (ms) => time.pass(ms),
    close: async () => {
      await environment.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
});
