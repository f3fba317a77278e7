import { type BucketSums, type Buckets, sameBounds, unknownBuckets } from './buckets.js';

/** Bounds and counts as a reader has them; valid until it reads the next record. */
export interface RawBuckets {
  readonly le: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly length: number;
}

/** Counts of the sample before, written over by the next one. */
export interface KeptBuckets {
  readonly le: readonly number[];
  readonly counts: number[];
}

/** So many lists of bounds are remembered; a metric mostly has one. */
const LAYOUTS = 16;

/** The buckets of a block's rows, of series whose buckets are kept: side by side, with no object for a row. */
export class BucketColumns {
  /** By row: bounds, and where its counts begin. Only of rows that were taken. */
  readonly #le: (readonly number[])[] = [];
  #at = new Int32Array(0);
  /** By row: 1 where it is known how much they grew. */
  #grew = new Uint8Array(0);
  /** Cumulative, as scraped; and at the same places how much each grew. */
  #counts = new Float64Array(0);
  #increases = new Float64Array(0);
  #used = 0;
  readonly #layouts: (readonly number[])[] = [];
  #layout = 0;

  reset(rows: number): void {
    this.#used = 0;
    if (rows <= this.#at.length) return;
    this.#at = new Int32Array(Math.max(rows, this.#at.length * 2));
    this.#grew = new Uint8Array(this.#at.length);
  }

  take(row: number, { le, counts, length }: RawBuckets): void {
    const at = this.#used;
    this.#used += length;
    if (this.#used > this.#counts.length) this.#grow();
    for (let i = 0; i < length; i++) this.#counts[at + i] = counts[i] ?? Number.NaN;
    this.#le[row] = this.#layoutOf(le, length);
    this.#at[row] = at;
    this.#grew[row] = 0;
  }

  /** Whether the bounds rise and the counts do not fall; NaN does neither. */
  isCumulative(row: number): boolean {
    const le = this.#le[row] ?? [];
    const at = this.#at[row] ?? 0;
    let below = 0;
    for (let i = 0; i < le.length; i++) {
      const count = this.#counts[at + i] ?? Number.NaN;
      if (!(count >= below && count < Infinity)) return false;
      if (i > 0 && !((le[i] ?? 0) > (le[i - 1] ?? 0))) return false;
      below = count;
    }
    return !Number.isNaN(le[0] ?? 0);
  }

  /** Whether a bucket that both have holds less than before: the counter began anew. */
  hasFallen(row: number, before: Buckets): boolean {
    const le = this.#le[row] ?? [];
    const at = this.#at[row] ?? 0;
    const aligned = sameBounds(before.le, le);
    for (let i = 0; i < le.length; i++) {
      const was = aligned ? before.counts[i] : countAt(before, le[i] ?? 0);
      if ((this.#counts[at + i] ?? 0) < (was ?? 0)) return true;
    }
    return false;
  }

  /** All of it grew since the counter began. */
  begin(row: number): void {
    const at = this.#at[row] ?? 0;
    const length = this.#le[row]?.length ?? 0;
    for (let i = at; i < at + length; i++) this.#increases[i] = this.#counts[i] ?? 0;
    this.#grew[row] = 1;
  }

  /** By the difference to the sample before; one that was not there before counts from 0. */
  growSince(row: number, before: Buckets): void {
    const le = this.#le[row] ?? [];
    const at = this.#at[row] ?? 0;
    const aligned = sameBounds(before.le, le);
    for (let i = 0; i < le.length; i++) {
      const was = aligned ? before.counts[i] : countAt(before, le[i] ?? 0);
      this.#increases[at + i] = (this.#counts[at + i] ?? 0) - (was ?? 0);
    }
    this.#grew[row] = 1;
  }

  /** The counts as what was before the next sample; in place, where the bounds are the same. */
  keep(row: number, before: KeptBuckets | undefined): KeptBuckets {
    const le = this.#le[row] ?? [];
    const at = this.#at[row] ?? 0;
    if (before?.le !== le) return { le, counts: Array.from(this.#counts.subarray(at, at + le.length)) };
    for (let i = 0; i < le.length; i++) before.counts[i] = this.#counts[at + i] ?? 0;
    return before;
  }

  /** Adds how much they grew; what is not known stands at no bound. */
  addTo(sums: BucketSums, row: number): void {
    const known = this.#grew[row] === 1;
    const le = known ? (this.#le[row] ?? []) : unknownBuckets.le;
    sums.add(le, this.#increases, this.#at[row]);
  }

  /** Begins to split how much they grew. */
  split(row: number, split: BucketSplit): void {
    const at = this.#at[row] ?? 0;
    const le = this.#grew[row] === 1 ? (this.#le[row] ?? []) : unknownBuckets.le;
    split.begin(le, this.#increases, at);
  }

  /** The same list for the same bounds, down to the sign of 0. */
  #layoutOf(le: ArrayLike<number>, length: number): readonly number[] {
    const all = this.#layouts;
    if (isLayout(all[this.#layout], le, length)) return all[this.#layout] as readonly number[];
    let found = all.findIndex((one) => isLayout(one, le, length));
    if (found < 0) {
      found = all.length < LAYOUTS ? all.length : (this.#layout + 1) % LAYOUTS;
      all[found] = Array.from({ length }, (_, i) => le[i] ?? Number.NaN);
    }
    this.#layout = found;
    return all[found] as readonly number[];
  }

  #grow(): void {
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const wide = new Float64Array(Math.max(this.#used, old.length * 2, 1024));
      wide.set(old);
      return wide;
    };
    this.#counts = wider(this.#counts);
    this.#increases = wider(this.#increases);
  }
}

/** Cuts an increase into parts in proportion to their share; the last gets what the parts before left. */
export class BucketSplit {
  le: readonly number[] = [];
  /** The part that was cut last, over as many bounds as there are. */
  part = new Float64Array(0);
  #whole = new Float64Array(0);
  #left = new Float64Array(0);

  /** Begins with the increase at these bounds, which stands from that place on. */
  begin(le: readonly number[], increases: Float64Array, at: number): void {
    this.le = le;
    if (le.length > this.part.length) {
      this.part = new Float64Array(le.length);
      this.#whole = new Float64Array(le.length);
      this.#left = new Float64Array(le.length);
    }
    for (let i = 0; i < le.length; i++) {
      const whole = increases[at + i] ?? 0;
      this.#whole[i] = whole;
      this.#left[i] = whole;
    }
  }

  cut(overlap: number, length: number): void {
    for (let i = 0; i < this.le.length; i++) {
      const part = ((this.#whole[i] ?? 0) * overlap) / length;
      this.part[i] = part;
      this.#left[i] = (this.#left[i] ?? 0) - part;
    }
  }

  cutRest(): void {
    for (let i = 0; i < this.le.length; i++) this.part[i] = this.#left[i] ?? 0;
  }
}

function isLayout(known: readonly number[] | undefined, le: ArrayLike<number>, length: number): boolean {
  if (known?.length !== length) return false;
  for (let i = 0; i < length; i++) if (!Object.is(known[i], le[i])) return false;
  return true;
}

function countAt({ le, counts }: Buckets, bound: number): number | undefined {
  const i = le.indexOf(bound);
  return i < 0 ? undefined : counts[i];
}
