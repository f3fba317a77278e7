import { BucketSums, type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { widen } from './widen.js';

/** Room for so many at first. */
const FIRST_ROWS = 16;
/** Of a group that has its sums apart. */
const APART = -1;

/**
 * What the buckets of a window's groups add up to, each as `BucketSums` would have it: side by side, as long as a
 * group's all have the bounds that the window began with, down to the sign of 0.
 */
export class GroupBuckets {
  /** Empty before the first bounds. */
  #le: readonly number[] = [];
  /** Row by row: so many groups have one. */
  #counts = new Float64Array(0);
  #rows = 0;
  /** By group: its row, from 1; 0 for none. */
  #row = new Int32Array(0);
  /** By group: those with other bounds. */
  readonly #apart = new Map<number, BucketSums>();

  /** Adds counts at these bounds, from that place on. */
  add(group: number, le: readonly number[], counts: Float64Array, from: number): void {
    if (group >= this.#row.length) this.#makeRoomFor(group);
    const row = this.#row[group] as number;
    if ((le !== this.#le && !this.#takeUp(le)) || row === APART) this.#addApart(group, le, counts, from);
    else if (row === 0) this.#begin(group, counts, from);
    else {
      const sums = this.#counts;
      const { length } = le;
      const at = (row - 1) * length;
      for (let i = 0; i < length; i++) sums[at + i] = (sums[at + i] as number) + (counts[from + i] as number);
    }
  }

  /** Null where nothing was added. */
  of(group: number): Buckets | null {
    const row = this.#row[group] ?? 0;
    if (row === 0) return null;
    if (row === APART) return this.#apart.get(group)?.total() ?? null;
    const le = this.#le;
    const at = (row - 1) * le.length;
    return { le, counts: le.map((_, i) => this.#counts[at + i] ?? 0) };
  }

  /** How many buckets the group has; 0 where nothing was added. */
  boundsOf(group: number): number {
    const row = this.#row[group] ?? 0;
    if (row === APART) return this.#apart.get(group)?.total()?.le.length ?? 0;
    return row === 0 ? 0 : this.#le.length;
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

  #makeRoomFor(group: number): void {
    const row = this.#row;
    this.#row = widen(new Int32Array(Math.max(group + 1, 2 * row.length, FIRST_ROWS)), row);
  }

  #begin(group: number, counts: Float64Array, from: number): void {
    const { length } = this.#le;
    const at = this.#rows * length;
    this.#row[group] = ++this.#rows;
    if (at + length > this.#counts.length) {
      const room = Math.max(2 * this.#counts.length, FIRST_ROWS * length);
      this.#counts = widen(new Float64Array(room), this.#counts);
    }
    for (let i = 0; i < length; i++) this.#counts[at + i] = counts[from + i] as number;
  }

  #addApart(group: number, le: readonly number[], counts: Float64Array, from: number): void {
    let sums = this.#apart.get(group);
    if (sums === undefined) {
      sums = new BucketSums();
      const before = this.of(group);
      if (before !== null) sums.add(before.le, before.counts);
      this.#apart.set(group, sums);
      this.#row[group] = APART;
    }
    sums.add(le, counts, from);
  }
}
