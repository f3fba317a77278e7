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
  /** Greatest value of a gauge; over several windows, the sum of the greatest of each. Null for all else. */
  max: number | null;
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

/** Of two greatest values; null of nothing. */
export const greatest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

/** Beside buckets or none, which are told by 1 or 0. */
const MAX = 2;

/** A selection keeps buckets, or is of a gauge, or neither. */
export function saveDetail(to: StateWriter, { buckets, max }: Pick<Sums, 'buckets' | 'max'>): void {
  if (max === null) {
    saveBuckets(to, buckets);
    return;
  }
  to.u8(MAX);
  to.f64(max);
}

export function loadDetail(from: StateReader): Pick<Sums, 'buckets' | 'max'> {
  if (from.nextU8 !== MAX) return { buckets: loadBuckets(from), max: null };
  from.u8();
  return { buckets: null, max: from.f64() };
}

export function saveSums(to: StateWriter, { requests, latencySum, errors, ...detail }: Sums): void {
  to.f64(requests);
  to.f64(latencySum);
  to.f64(errors);
  saveDetail(to, detail);
}

export const loadSums = (from: StateReader): Sums => ({
  requests: from.f64(),
  latencySum: from.f64(),
  errors: from.f64(),
  ...loadDetail(from),
});
