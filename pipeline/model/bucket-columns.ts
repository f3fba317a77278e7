import { sameBounds, unknownBuckets } from './buckets.js';
import type { BucketReader } from './cursor.js';
import type { GroupBuckets } from './group-buckets.js';
import type { KeptBuckets } from './kept-buckets.js';
import { widen } from './widen.js';

/** Bounds, and whether they rise. */
interface Layout {
  readonly le: readonly number[];
  readonly rises: boolean;
}

const noLayout: Layout = { le: [], rises: true };

/** So many lists of bounds are remembered; a metric mostly has one. */
const LAYOUTS = 16;

/** The buckets of a block's rows, of series whose buckets are kept: side by side, with no object for a row. */
export class BucketColumns {
  /** By row: bounds, and where its counts begin. Only of rows that were taken. */
  readonly #layout: Layout[] = [];
  #at = new Int32Array(0);
  /** By row: 1 where it is known how much they grew. */
  #grew = new Uint8Array(0);
  /** Cumulative, as scraped; and at the same places how much each grew. */
  #counts = new Float64Array(0);
  #increases = new Float64Array(0);
  #used = 0;
  readonly #layouts: Layout[] = [];
  /** Index of the layout of the row before. */
  #last = 0;

  reset(rows: number): void {
    this.#used = 0;
    if (rows <= this.#at.length) return;
    this.#at = new Int32Array(Math.max(rows, this.#at.length * 2));
    this.#grew = new Uint8Array(this.#at.length);
  }

  /** Takes the buckets of the record that was read last. */
  take(row: number, reader: BucketReader): void {
    const at = this.#used;
    let layout = this.#layouts[this.#last] ?? noLayout;
    this.#reserve(at + layout.le.length);
    if (layout === noLayout || !reader.bucketsAt(layout.le, this.#counts, at)) {
      const { le, counts, length } = reader.buckets();
      layout = this.#layoutOf(le, length);
      this.#reserve(at + length);
      for (let i = 0; i < length; i++) this.#counts[at + i] = counts[i] ?? Number.NaN;
    }
    this.#layout[row] = layout;
    this.#at[row] = at;
    this.#grew[row] = 0;
    this.#used = at + layout.le.length;
  }

  /** Whether the bounds rise and the counts do not fall; NaN does neither. */
  isCumulative(row: number): boolean {
    const { le, rises } = this.#layout[row] ?? noLayout;
    const counts = this.#counts;
    const at = this.#at[row] ?? 0;
    const end = at + le.length;
    let below = 0;
    for (let i = at; i < end; i++) {
      const count = counts[i] ?? Number.NaN;
      if (!(count >= below && count < Infinity)) return false;
      below = count;
    }
    return rises;
  }

  /** All of it grew since the counter began. */
  begin(row: number): void {
    const at = this.#at[row] ?? 0;
    const length = this.#layout[row]?.le.length ?? 0;
    for (let i = at; i < at + length; i++) this.#increases[i] = this.#counts[i] ?? 0;
    this.#grew[row] = 1;
  }

  /**
   * By the difference to the sample before; a bucket that was not there before counts from 0. False where one that both
   * have holds less than before: the counter began anew. Where none were kept it is not known.
   */
  growSince(row: number, kept: KeptBuckets, slot: number): boolean {
    const before = kept.boundsOf(slot);
    if (before === undefined) return true;
    const { le } = this.#layout[row] ?? noLayout;
    const at = this.#at[row] ?? 0;
    const was = kept.at(slot);
    const isAligned = before === le || sameBounds(before, le);
    const fell = isAligned
      ? this.#differ(at, le.length, kept.counts, was)
      : this.#differApart(at, le, (bound) => {
          const i = before.indexOf(bound);
          return i < 0 ? 0 : (kept.counts[was + i] ?? 0);
        });
    if (!fell) this.#grew[row] = 1;
    return !fell;
  }

  /**
   * Where the bounds are those of the sample before, and no count fell: grows since then and keeps the counts, all in
   * one. Says whether it did; what it left undone is found out one by one.
   */
  goOn(row: number, kept: KeptBuckets, slot: number): boolean {
    const { le, rises } = this.#layout[row] ?? noLayout;
    if (!rises || kept.boundsOf(slot) !== le) return false;
    const counts = this.#counts;
    const increases = this.#increases;
    const before = kept.counts;
    const at = this.#at[row] as number;
    const was = kept.at(slot);
    let below = 0;
    for (let i = 0; i < le.length; i++) {
      const count = counts[at + i] as number;
      const increase = count - (before[was + i] as number);
      if (!(count >= below && count < Infinity && increase >= 0)) return false;
      increases[at + i] = increase;
      below = count;
    }
    for (let i = 0; i < le.length; i++) before[was + i] = counts[at + i] as number;
    this.#grew[row] = 1;
    return true;
  }

  /** Sets so many increases, and says whether any is below 0. */
  #differ(at: number, length: number, before: Float64Array, was: number): boolean {
    const counts = this.#counts;
    const increases = this.#increases;
    let fell = false;
    for (let i = 0; i < length; i++) {
      const increase = (counts[at + i] ?? 0) - (before[was + i] ?? 0);
      increases[at + i] = increase;
      if (increase < 0) fell = true;
    }
    return fell;
  }

  #differApart(at: number, le: readonly number[], countBefore: (bound: number) => number): boolean {
    let fell = false;
    for (const [i, bound] of le.entries()) {
      const increase = (this.#counts[at + i] ?? 0) - countBefore(bound);
      this.#increases[at + i] = increase;
      if (increase < 0) fell = true;
    }
    return fell;
  }

  /** The counts as what was before the next sample. */
  keep(row: number, kept: KeptBuckets, slot: number): void {
    const { le } = this.#layout[row] ?? noLayout;
    const from = this.#at[row] ?? 0;
    const to = kept.keep(slot, le);
    const counts = this.#counts;
    const keptCounts = kept.counts;
    for (let i = 0; i < le.length; i++) keptCounts[to + i] = counts[from + i] ?? 0;
  }

  /** Adds how much they grew; what is not known stands at no bound. */
  addTo(sums: GroupBuckets, group: number, row: number): void {
    sums.add(group, this.#boundsOf(row), this.#increases, this.#at[row] ?? 0);
  }

  /** Begins to split how much they grew. */
  split(row: number, split: BucketSplit): void {
    split.begin(this.#boundsOf(row), this.#increases, this.#at[row] ?? 0);
  }

  #boundsOf(row: number): readonly number[] {
    return this.#grew[row] === 1 ? (this.#layout[row] ?? noLayout).le : unknownBuckets.le;
  }

  /** The same for the same bounds, down to the sign of 0. */
  #layoutOf(le: ArrayLike<number>, length: number): Layout {
    const all = this.#layouts;
    let found = all.findIndex((one) => isLayout(one, le, length));
    if (found < 0) {
      found = all.length < LAYOUTS ? all.length : (this.#last + 1) % LAYOUTS;
      all[found] = layoutWith(Array.from({ length }, (_, i) => le[i] ?? Number.NaN));
    }
    this.#last = found;
    return all[found] as Layout;
  }

  #reserve(needed: number): void {
    if (needed <= this.#counts.length) return;
    const room = Math.max(needed, this.#counts.length * 2, 1024);
    this.#counts = widen(new Float64Array(room), this.#counts);
    this.#increases = widen(new Float64Array(room), this.#increases);
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

const layoutWith = (le: readonly number[]): Layout => ({
  le,
  rises: !Number.isNaN(le[0] ?? 0) && le.every((bound, i) => i === 0 || bound > (le[i - 1] ?? 0)),
});

function isLayout({ le: known }: Layout, le: ArrayLike<number>, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (!Object.is(known[i], le[i])) return false;
  return true;
}
