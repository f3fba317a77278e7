import { type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { widen } from './widen.js';

/** The buckets of each series' previous sample, cumulative, by slot: side by side, with no object for a series. */
export class KeptBuckets {
  /** By slot; undefined where none are kept. */
  readonly #le: (readonly number[] | undefined)[] = [];
  /** By slot: where its counts begin. */
  readonly #at: number[] = [];
  #counts = new Float64Array(0);
  #used = 0;
  /** Places of what was dropped, by the number of bounds. */
  readonly #free = new Map<number, number[]>();

  /** Bounds that were loaded last: those of the next slot are mostly the same. */
  #loaded: readonly number[] = [];

  /** All counts; valid until the next is kept. */
  get counts(): Float64Array {
    return this.#counts;
  }

  boundsOf(slot: number): readonly number[] | undefined {
    return this.#le[slot];
  }

  /** Where its counts begin; only of a slot that has some. */
  at(slot: number): number {
    return this.#at[slot] ?? 0;
  }

  /** Keeps buckets with these bounds for the slot, and says where their counts, which the caller sets, begin. */
  keep(slot: number, le: readonly number[]): number {
    const known = this.#le[slot];
    if (known === le) return this.#at[slot] ?? 0;
    if (known?.length !== le.length) {
      this.drop(slot);
      this.#at[slot] = this.#free.get(le.length)?.pop() ?? this.#room(le.length);
    }
    this.#le[slot] = le;
    return this.#at[slot] ?? 0;
  }

  drop(slot: number): void {
    const le = this.#le[slot];
    if (le === undefined) return;
    this.#le[slot] = undefined;
    const free = this.#free.get(le.length);
    if (free) free.push(this.at(slot));
    else this.#free.set(le.length, [this.at(slot)]);
  }

  save(to: StateWriter, slot: number): void {
    saveBuckets(to, this.#of(slot));
  }

  load(from: StateReader, slot: number): void {
    const buckets = loadBuckets(from);
    if (buckets === null) return;
    const { le } = buckets;
    const last = this.#loaded;
    if (le.length !== last.length || le.some((bound, i) => !Object.is(bound, last[i]))) this.#loaded = le;
    const at = this.keep(slot, this.#loaded);
    this.#counts.set(buckets.counts, at);
  }

  #of(slot: number): Buckets | null {
    const le = this.#le[slot];
    const at = this.at(slot);
    return le === undefined ? null : { le, counts: le.map((_, i) => this.#counts[at + i] ?? 0) };
  }

  #room(length: number): number {
    const at = this.#used;
    this.#used += length;
    if (this.#used > this.#counts.length) {
      const room = Math.max(this.#used, this.#counts.length * 2, 1024);
      this.#counts = widen(new Float64Array(room), this.#counts);
    }
    return at;
  }
}
