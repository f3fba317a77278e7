import { type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { Labels } from './matcher.js';
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

/** What a group did in a window, or in a part of one, with what says how much that is worth. */
export interface CoveredSums extends Sums {
  samples: number;
  covered: boolean;
}

/** A group's window. */
export interface GroupWindow extends CoveredSums {
  readonly text: string;
  readonly labels: Labels;
  /** ms */
  readonly start: number;
  readonly end: number;
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
