import type { Bucket } from '../../schemas/types.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** Counts of a classic histogram, cumulative by le, at inclusive bounds in rising order. */
export interface Buckets {
  readonly le: readonly number[];
  readonly counts: readonly number[];
}

/** Of what grew, but nobody knows at which bounds: it shares none with anything. */
export const unknownBuckets: Buckets = { le: [], counts: [] };

export const sameBounds = (a: readonly number[], b: readonly number[]): boolean =>
  a === b || (a.length === b.length && a.every((le, i) => le === b[i]));

function at({ le, counts }: Buckets, bound: number): number | undefined {
  const i = le.indexOf(bound);
  return i < 0 ? undefined : counts[i];
}

/** The sums over all, left to right, at the bounds that all of them share. Null where there are none. */
export const shared = (all: readonly Buckets[]): Buckets | null => (all.length === 0 ? null : sumOf(all));

function sumOf(all: readonly Buckets[]): { readonly le: readonly number[]; readonly counts: number[] } {
  const first = all[0] ?? unknownBuckets;
  const le = all.every((one) => sameBounds(one.le, first.le))
    ? first.le
    : first.le.filter((bound) => all.every((one) => one.le.includes(bound)));
  const counts = le === first.le ? first.counts.slice() : le.map((bound) => at(first, bound) ?? 0);
  // Sums begin at 0, so that -0 alone is 0.
  for (let i = 0; i < counts.length; i++) counts[i] = 0 + (counts[i] ?? 0);
  for (let n = 1; n < all.length; n++) {
    const one = all[n] as Buckets;
    const more = one.le === le ? one.counts : le.map((bound) => at(one, bound) ?? 0);
    for (let i = 0; i < le.length; i++) counts[i] = (counts[i] ?? 0) + (more[i] ?? 0);
  }
  return { le, counts };
}

/** Where a quantile lies: within (above, upTo]. */
export interface QuantileBucket {
  /** By linear interpolation within the bucket, as Prometheus does; null above the last finite bound. */
  readonly value: number | null;
  readonly above: number;
  readonly upTo: number;
}

/** Null where there are no requests, or where the bucket of all of them, +Inf, is not among those shared. */
export function quantileOf({ le, counts }: Buckets, q: number): QuantileBucket | null {
  const total = counts.at(-1) ?? 0;
  if (le.at(-1) !== Infinity || !(total > 0)) return null;
  const rank = q * total;
  const i = counts.findIndex((count) => count >= rank);
  const upTo = le[i] ?? Infinity;
  // Nothing is known of what lies below the first bound, but that latencies are not negative.
  const above = i > 0 ? (le[i - 1] ?? 0) : Math.min(0, upTo);
  if (upTo === Infinity) return { value: null, above, upTo };
  const below = i > 0 ? (counts[i - 1] ?? 0) : 0;
  const value = above + ((upTo - above) * (rank - below)) / ((counts[i] ?? 0) - below);
  // Rounding may lead out of the bucket.
  return { value: Math.min(value, upTo), above, upTo };
}

/** The share of all requests that the bucket of the bound holds; null likewise, and where the bound is not among those shared. */
export function shareWithin({ le, counts }: Buckets, bound: number): number | null {
  const total = counts.at(-1) ?? 0;
  const i = le.indexOf(bound);
  return le.at(-1) !== Infinity || !(total > 0) || i < 0 ? null : (counts[i] ?? 0) / total;
}

/** The buckets of one group in one window, in the order of the log, at the bounds that all of them share so far. */
export class BucketSums {
  #total: { readonly le: readonly number[]; readonly counts: number[] } | null = null;

  /** Counts at these bounds, from that place on. */
  add(le: readonly number[], counts: ArrayLike<number>, from = 0): void {
    const total = this.#total;
    if (total !== null && sameBounds(total.le, le)) {
      for (let i = 0; i < le.length; i++) total.counts[i] = (total.counts[i] ?? 0) + (counts[from + i] ?? 0);
      return;
    }
    const more = { le, counts: le.map((_, i) => counts[from + i] ?? 0) };
    this.#total = total === null ? more : sumOf([total, more]);
  }

  total(): Buckets | null {
    return this.#total;
  }
}

export function saveBuckets(to: StateWriter, buckets: Buckets | null): void {
  to.bool(buckets !== null);
  if (buckets === null) return;
  to.list(buckets.le, (le) => to.f64(le));
  to.list(buckets.counts, (count) => to.f64(count));
}

export function loadBuckets(from: StateReader): { le: number[]; counts: number[] } | null {
  if (!from.bool()) return null;
  return { le: from.list(() => from.f64()), counts: from.list(() => from.f64()) };
}

/** As they stand in records. */
export const toRecord = (buckets: Buckets): readonly Bucket[] =>
  buckets.le.map((_, i) => new BucketRow(buckets, i));

/** A record's numbers are looked up where they lie: they are only asked for once, when it is written. */
class BucketRow implements Bucket {
  constructor(
    readonly of: Buckets,
    readonly at: number,
  ) {}

  get le(): number {
    return this.of.le[this.at] as number;
  }

  get count(): number {
    return this.of.counts[this.at] ?? 0;
  }
}

export const fromRecord = (all: readonly Bucket[]): Buckets => ({
  le: all.map(({ le }) => le),
  counts: all.map(({ count }) => count),
});

/**
 * Of records one after the other: those with the same bounds, down to the sign of 0, share the list of them, which is
 * quick to compare.
 */
export class SharedBounds {
  #le: readonly number[] = [];

  fromRecord(all: readonly Bucket[]): Buckets {
    const counts: number[] = [];
    const { length } = all;
    let isSame = length === this.#le.length;
    for (let i = 0; i < length; i++) {
      const { le, count } = all[i] as Bucket;
      isSame &&= Object.is(le, this.#le[i]);
      counts.push(count);
    }
    if (!isSame) this.#le = all.map(({ le }) => le);
    return { le: this.#le, counts };
  }
}
