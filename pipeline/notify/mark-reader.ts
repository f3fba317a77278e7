import { type Store, StoreError } from '../../platform/store/store.js';
import { MarkStore } from '../follow/mark-store.js';
import { inEffect, markerOf, marksJson } from '../model/marks.js';
import type { MarkedNotice, Notice } from './notice.js';

export interface MarkReaderOptions {
  readonly store: Store;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
}

/** Adds to alerts what people say of them, in the store that the view keeps that in. */
export class MarkReader {
  readonly #kept: MarkStore;

  constructor(readonly options: MarkReaderOptions) {
    this.#kept = new MarkStore(options.store);
  }

  /** Without marks where the store is away: nobody is told later for want of them. */
  async of(notices: readonly Notice[]): Promise<readonly MarkedNotice[]> {
    const now = this.options.clock();
    try {
      const marksOf = markerOf(inEffect(await this.#kept.all(now), now));
      return notices.map((notice) => ({
        ...notice,
        marks: marksJson(marksOf({ ...notice, state: notice.status })),
      }));
    } catch (error) {
      if (error instanceof StoreError && error.retryable) return notices;
      throw error;
    }
  }
}
