import { type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** What one window, or several, of a group add up to. */
export interface Sums {
  requests: number;
  /** s */
  latencySum: number;
  errors: number;
  /** Null where they are not kept, or nothing grew. */
  buckets: Buckets | null;
}

export function saveSums(to: StateWriter, { requests, latencySum, errors, buckets }: Sums): void {
  to.f64(requests);
  to.f64(latencySum);
  to.f64(errors);
  saveBuckets(to, buckets);
}

export const loadSums = (from: StateReader): Sums => ({
  requests: from.f64(),
  latencySum: from.f64(),
  errors: from.f64(),
  buckets: loadBuckets(from),
});
