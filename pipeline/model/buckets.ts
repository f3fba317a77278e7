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

/** Whether the bounds rise and the counts do not fall; NaN does neither. */
export function isCumulative({ le, counts }: Buckets): boolean {
  for (let i = 0; i < le.length; i++) {
    const count = counts[i] ?? Number.NaN;
    if (!(count >= (counts[i - 1] ?? 0) && count < Infinity)) return false;
    if (i > 0 && !((le[i] ?? 0) > (le[i - 1] ?? 0))) return false;
  }
  return !Number.isNaN(le[0] ?? 0);
}

/** Whether a bucket that both have holds less than before: the counter began anew. */
export function hasFallen(before: Buckets, now: Buckets): boolean {
  return now.le.some((le, i) => (now.counts[i] ?? 0) < (at(before, le) ?? 0));
}

/** How much each bucket has grown; one that was not there before counts from 0. */
export function growth(before: Buckets, now: Buckets): Buckets {
  const aligned = sameBounds(before.le, now.le);
  const counts = now.counts.map(
    (count, i) => count - ((aligned ? before.counts[i] : at(before, now.le[i] ?? 0)) ?? 0),
  );
  return { le: aligned ? before.le : now.le, counts };
}

function at({ le, counts }: Buckets, bound: number): number | undefined {
  const i = le.indexOf(bound);
  return i < 0 ? undefined : counts[i];
}

/** The sums over all, left to right, at the bounds that all of them share. Null where there are none. */
export const shared = (all: readonly Buckets[]): Buckets | null => (all.length === 0 ? null : sumOf(all));

function sumOf([first = unknownBuckets, ...rest]: readonly Buckets[]): {
  readonly le: readonly number[];
  readonly counts: number[];
} {
  const le = rest.every((one) => sameBounds(one.le, first.le))
    ? first.le
    : first.le.filter((bound) => rest.every((one) => one.le.includes(bound)));
  const counts = le.map((bound, i) =>
    [first, ...rest].reduce((sum, one) => sum + ((one.le === le ? one.counts[i] : at(one, bound)) ?? 0), 0),
  );
  return { le, counts };
}

/** Cuts an increase into parts in proportion to their share; the last gets what the parts before left. */
export class BucketSplit {
  readonly #le: readonly number[];
  readonly #whole: readonly number[];
  #left: readonly number[];

  constructor({ le, counts }: Buckets) {
    this.#le = le;
    this.#whole = counts;
    this.#left = counts;
  }

  /** Null for the last part. */
  part(share: { readonly overlap: number; readonly length: number } | null): Buckets {
    if (share === null) return { le: this.#le, counts: this.#left };
    const counts = this.#whole.map((count) => (count * share.overlap) / share.length);
    this.#left = this.#left.map((left, i) => left - (counts[i] ?? 0));
    return { le: this.#le, counts };
  }
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

  add(buckets: Buckets): void {
    const { le, counts } = buckets;
    const total = this.#total;
    if (total === null) this.#total = { le, counts: [...counts] };
    else if (!sameBounds(total.le, le)) this.#total = sumOf([total, buckets]);
    else for (let i = 0; i < le.length; i++) total.counts[i] = (total.counts[i] ?? 0) + (counts[i] ?? 0);
  }

  total(): Buckets | null {
    return this.#total;
  }

  save(to: StateWriter): void {
    to.list(this.#total === null ? [] : [this.#total], (one) => saveBuckets(to, one));
  }

  static load(from: StateReader): BucketSums {
    const sums = new BucketSums();
    from.list(() => sums.add(loadBuckets(from) ?? unknownBuckets));
    return sums;
  }
}

export function saveBuckets(to: StateWriter, buckets: Buckets | null): void {
  to.bool(buckets !== null);
  if (buckets === null) return;
  to.list(buckets.le, (le) => to.f64(le));
  to.list(buckets.counts, (count) => to.f64(count));
}

export function loadBuckets(from: StateReader): Buckets | null {
  if (!from.bool()) return null;
  return { le: from.list(() => from.f64()), counts: from.list(() => from.f64()) };
}

/** As they stand in records. */
export const toRecord = ({ le, counts }: Buckets): { le: number; count: number }[] =>
  le.map((bound, i) => ({ le: bound, count: counts[i] ?? 0 }));

export const fromRecord = (all: readonly { readonly le: number; readonly count: number }[]): Buckets => ({
  le: all.map(({ le }) => le),
  counts: all.map(({ count }) => count),
});
