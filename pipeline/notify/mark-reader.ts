import { type Store, StoreError } from '../../platform/store/store.js';
import { AlertStore } from '../follow/alert-store.js';
import { MarkStore } from '../follow/mark-store.js';
import { inEffect, type Markable, markerOf, marksJson } from '../model/marks.js';
import type { MarkedNotice, Notice } from './notice.js';

export interface MarkReaderOptions {
  readonly store: Store;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

/** How long what was read of the alerts that are active is used again, ms. */
const ACTIVE_FOR_MS = 1_000;

/** Adds to alerts what people and other alerts say of them, in the store that the view keeps that in. */
export class MarkReader {
  readonly #kept: MarkStore;
  readonly #alerts: AlertStore;
  #active: readonly Markable[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(readonly options: MarkReaderOptions) {
    this.#kept = new MarkStore(options.store);
    this.#alerts = new AlertStore(options.store);
  }

  /** Without marks where the store is away: nobody is told later for want of them. */
  async of(notices: readonly Notice[]): Promise<readonly MarkedNotice[]> {
    const now = this.options.clock();
    try {
      const said = inEffect(await this.#kept.all(now), now);
      const marksOf = markerOf(said, withTold(await this.#activeAt(now), notices.map(asAlert)));
      return notices.map((notice) => ({ ...notice, marks: marksJson(marksOf(asAlert(notice))) }));
    } catch (error) {
      if (error instanceof StoreError && error.retryable) return notices;
      throw error;
    }
  }

  async #activeAt(now: number): Promise<readonly Markable[]> {
    // A clock that was set back is no reason to go on with what is old.
    if (Math.abs(now - this.#readAt) < ACTIVE_FOR_MS) return this.#active;
    this.#active = await this.#alerts.active();
    this.#readAt = now;
    return this.#active;
  }
}

const asAlert = (notice: Notice): Markable => ({ ...notice, state: notice.status });

/** What a message is about goes before what the view keeps of it, which may come later. */
function withTold(active: readonly Markable[], told: readonly Markable[]): Iterable<Markable> {
  const newest = new Map([...active, ...told].map((one) => [one.fingerprint, one]));
  return newest.values();
}
