import { type GroupTable, OVERFLOW } from './groups.js';
import type { Selected } from './selected.js';
import type { SeriesIdentity } from './series-text.js';
import { widen } from './widen.js';

/** What a series is wanted as; a metric is one or the other in a rule file. */
export const Wanted = { not: 0, cumulative: 1, gauge: 2 } as const;

/** What series there are, to those that count them. */
export interface SeriesOfSlots {
  identityOf(slot: number): SeriesIdentity;
  /** Interned slots, and whether they are admitted; where order decides, by the bytes of their keys. */
  interned(inOrder: boolean): Iterable<number>;
  readonly admitted: Uint8Array;
  readonly admittedCount: number;
}

/**
 * Where a series counts, by selection. A key that is interned refers to its own groups; once it is
 * admitted it takes a place there, or counts in the overflow group until there is one.
 */
export class Memberships {
  /** By selection, by slot: -1, or group id * 2 + whether its requests are errors. */
  columns: Int32Array[];
  /** As what some selection wants the series: a value of `Wanted`. */
  wanted = new Uint8Array(0);
  /** 1 where a selection that keeps buckets wants it. */
  keepsBuckets = new Uint8Array(0);
  /** 1 where some selection had no place for the group of the series. */
  displaced = new Uint8Array(0);
  readonly #series: SeriesOfSlots;
  /** Grows where a group takes its place or gives it back. */
  #changes = 0;
  /** `#changes` when a displaced series found no place last. */
  #lookedAt = new Float64Array(0);
  /** Groups that rows of the block may still mean; let go before the next one. */
  #leaving: (readonly [GroupTable, number])[] = [];

  constructor(
    public selected: readonly Selected[],
    series: SeriesOfSlots,
  ) {
    this.#series = series;
    this.columns = selected.map(() => new Int32Array(0));
  }

  /** A key that is new: refers to its groups; to the overflow group in the selections where it is displaced. */
  join(slot: number, { name, labels }: SeriesIdentity, displaced: readonly number[] = []): void {
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.selected[s]?.membership(name, labels, displaced.includes(s)) ?? -1;
      (this.columns[s] as Int32Array)[slot] = member;
    }
    this.displaced[slot] = displaced.length > 0 ? 1 : 0;
    this.#lookedAt[slot] = -1;
    this.#mark(slot);
  }

  /** The series of a checkpoint: it had its places, whatever the limit is now. */
  restore(slot: number): void {
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.#at(s, slot);
      if (member >= 0) this.#enter(s, member);
    }
  }

  /** The series takes its places. Gives its memberships before, where this changes them, by selection. */
  admit(slot: number): readonly number[] | null {
    return this.#settle(slot, true);
  }

  /** Looks for a place where there was none, if there may be one by now. */
  revisit(slot: number): readonly number[] | null {
    return this.#lookedAt[slot] === this.#changes ? null : this.#settle(slot, false);
  }

  /** A sample of a displaced series. */
  countOverflow(slot: number): void {
    for (let s = 0; s < this.selected.length; s++)
      if (this.#overflows(s, slot)) (this.selected[s] as Selected).overflowSamples++;
  }

  /** The selections that count the series in their overflow group for want of a place. */
  displacedIn(slot: number): readonly number[] {
    if (this.displaced[slot] !== 1) return [];
    return [...this.columns.keys()].filter((s) => this.#overflows(s, slot));
  }

  /** The series is forgotten: it gives its places back. */
  leave(slot: number): void {
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.#at(s, slot);
      if (member >= 0 && this.selected[s]?.groups.leave(member >> 1)) this.#changes++;
    }
  }

  /** The key of a series that has no places is let go. */
  drop(slot: number): void {
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.#at(s, slot);
      if (member >= 0) this.selected[s]?.groups.release(member >> 1);
    }
  }

  /** Between two blocks: lets go of groups that series moved away from. */
  letGo(): void {
    for (const [groups, id] of this.#leaving) groups.release(id);
    this.#leaving = [];
  }

  /** Memberships in selections that stay are kept; in new ones series take places in order of their keys. */
  reselect(selected: readonly Selected[]): void {
    this.letGo();
    const kept = new Map(this.selected.map((one, s) => [one, this.columns[s]]));
    this.selected = selected;
    this.columns = selected.map((one) => kept.get(one) ?? new Int32Array(this.wanted.length));
    for (const [s, one] of selected.entries()) if (!kept.has(one)) this.#fill(s, one);
    for (const slot of this.#series.interned(false)) this.#mark(slot);
    this.#changes++;
  }

  reserve(capacity: number): void {
    this.wanted = widen(new Uint8Array(capacity), this.wanted);
    this.keepsBuckets = widen(new Uint8Array(capacity), this.keepsBuckets);
    this.displaced = widen(new Uint8Array(capacity), this.displaced);
    this.#lookedAt = widen(new Float64Array(capacity), this.#lookedAt);
    this.columns = this.columns.map((column) => widen(new Int32Array(capacity), column));
  }

  #fill(s: number, one: Selected): void {
    const { admitted, admittedCount } = this.#series;
    const column = this.columns[s] as Int32Array;
    for (const slot of this.#series.interned(admittedCount > one.groups.maxGroups)) {
      const { name, labels } = this.#series.identityOf(slot);
      const own = one.membership(name, labels);
      column[slot] = own;
      if (own < 0 || admitted[slot] !== 1) continue;
      if (!one.groups.hasRoom(own >> 1)) this.#displace(s, slot);
      this.#enter(s, this.#at(s, slot));
    }
  }

  #settle(slot: number, admitting: boolean): readonly number[] | null {
    let before: readonly number[] | null = null;
    const wasDisplaced = this.displaced[slot] === 1;
    this.displaced[slot] = 0;
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.#at(s, slot);
      if (member < 0) continue;
      const now = (): readonly number[] => this.columns.map((column) => column[slot] ?? -1);
      const { groups } = this.selected[s] as Selected;
      if (wasDisplaced && member >> 1 === OVERFLOW) {
        const { name, labels } = this.#series.identityOf(slot);
        const own = this.selected[s]?.membershipWithin(name, labels) ?? -1;
        if (own < 0) this.displaced[slot] = 1;
        else if (own !== member) {
          before ??= now();
          groups.release(OVERFLOW);
          (this.columns[s] as Int32Array)[slot] = own;
          this.#enter(s, own);
        }
      } else if (admitting) {
        if (!groups.hasRoom(member >> 1)) {
          before ??= now();
          this.#displace(s, slot);
        }
        this.#enter(s, this.#at(s, slot));
      }
    }
    this.#lookedAt[slot] = this.#changes;
    return before;
  }

  #displace(s: number, slot: number): void {
    const { groups } = this.selected[s] as Selected;
    const member = this.#at(s, slot);
    this.#leaving.push([groups, member >> 1]);
    groups.hold(OVERFLOW);
    (this.columns[s] as Int32Array)[slot] = OVERFLOW * 2 + (member & 1);
    this.displaced[slot] = 1;
  }

  #enter(s: number, member: number): void {
    if (this.selected[s]?.groups.enter(member >> 1)) this.#changes++;
  }

  /** Of a displaced series: whether it is this selection that had no place. */
  #overflows(s: number, slot: number): boolean {
    return this.#at(s, slot) >> 1 === OVERFLOW && (this.selected[s]?.selection.by.length ?? 0) > 0;
  }

  #at(s: number, slot: number): number {
    return this.columns[s]?.[slot] ?? -1;
  }

  #mark(slot: number): void {
    this.wanted[slot] = Wanted.not;
    this.keepsBuckets[slot] = 0;
    for (let s = 0; s < this.selected.length; s++) {
      if (this.#at(s, slot) < 0) continue;
      this.wanted[slot] = this.selected[s]?.selection.gauge ? Wanted.gauge : Wanted.cumulative;
      if (this.selected[s]?.selection.buckets) this.keepsBuckets[slot] = 1;
    }
  }
}
