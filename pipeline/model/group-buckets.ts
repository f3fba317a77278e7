import { BucketSums, type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** Where the buckets of a group add up. */
const Place = { none: 0, column: 1, apart: 2 } as const;

/**
 * What the buckets of a window's groups add up to, each as `BucketSums` would have it: side by side, as long as a
 * group's all have the bounds that the window began with, down to the sign of 0.
 */
export class GroupBuckets {
  /** Empty before the first bounds. */
  #le: readonly number[] = [];
  #counts = new Float64Array(0);
  /** By group. */
  #place = new Uint8Array(0);
  /** By group: those with other bounds. */
  readonly #apart = new Map<number, BucketSums>();

  /** Adds counts at these bounds, from that place on. */
  add(group: number, le: readonly number[], counts: Float64Array, from: number): void {
    if ((le !== this.#le && !this.#takeUp(le)) || this.#place[group] === Place.apart) {
      this.#addApart(group, le, counts, from);
      return;
    }
    const { length } = le;
    const at = group * length;
    if (at + length > this.#counts.length) this.#grow(group + 1);
    const sums = this.#counts;
    if (this.#place[group] === Place.column)
      for (let i = 0; i < length; i++) sums[at + i] = (sums[at + i] ?? 0) + (counts[from + i] ?? 0);
    else {
      this.#place[group] = Place.column;
      for (let i = 0; i < length; i++) sums[at + i] = counts[from + i] ?? 0;
    }
  }

  /** Null where nothing was added. */
  of(group: number): Buckets | null {
    if (this.#place[group] === Place.apart) return this.#apart.get(group)?.total() ?? null;
    if (this.#place[group] !== Place.column) return null;
    const le = this.#le;
    const at = group * le.length;
    return { le, counts: le.map((_, i) => this.#counts[at + i] ?? 0) };
  }

  save(to: StateWriter, group: number): void {
    const total = this.of(group);
    to.bool(total !== null);
    // As a list, which it was when states were first written.
    if (total !== null) to.list([total], (one) => saveBuckets(to, one));
  }

  load(from: StateReader, group: number): void {
    if (!from.bool()) return;
    from.list(() => {
      const total = loadBuckets(from);
      if (total) this.add(group, total.le, Float64Array.from(total.counts), 0);
    });
  }

  /** Whether these bounds are those of the column; from then on they are known as the same. */
  #takeUp(le: readonly number[]): boolean {
    const known = this.#le;
    if (le.length === 0) return false;
    if (
      known.length > 0 &&
      !(le.length === known.length && le.every((bound, i) => Object.is(bound, known[i])))
    )
      return false;
    this.#le = le;
    return true;
  }

  #addApart(group: number, le: readonly number[], counts: Float64Array, from: number): void {
    let sums = this.#apart.get(group);
    if (sums === undefined) {
      sums = new BucketSums();
      const before = this.of(group);
      if (before !== null) sums.add(before.le, before.counts);
      this.#apart.set(group, sums);
      if (group >= this.#place.length) this.#grow(group + 1);
      this.#place[group] = Place.apart;
    }
    sums.add(le, counts, from);
  }

  #grow(groups: number): void {
    const capacity = Math.max(groups, 2 * this.#place.length, 16);
    const place = new Uint8Array(capacity);
    place.set(this.#place);
    this.#place = place;
    const counts = new Float64Array(capacity * this.#le.length);
    counts.set(this.#counts);
    this.#counts = counts;
  }
}
