import type { Labels } from './matcher.js';
import { partitionOf } from './murmur2.js';
import { byCodeUnits, groupText } from './text.js';

export interface Group {
  readonly text: string;
  readonly labels: Labels;
  /** Partition of partials that the group belongs to. */
  readonly target: number;
  /** The labels in a record are no larger, bytes. */
  readonly bytes: number;
}

/** How many groups a selection may hold in a partition, unless said otherwise. */
export const MAX_GROUPS = 100_000;
/** What every label of the overflow group says. */
export const OVERFLOW_VALUE = '__overflow__';
/** Id of the overflow group, which needs no place. */
export const OVERFLOW = 0;

/** Where fewer than one in so many groups are there, they are compared; else all ranks are gone through. */
const FEW = 16;

export interface GroupOptions {
  /** Partitions of `partials`. */
  readonly targets: number;
  /** So many groups have a place. */
  readonly maxGroups: number;
}

/**
 * The groups of one selection, as small integers that are given again once nobody refers to them. A group
 * has a place while a series counts there; the overflow group is always there.
 */
export class GroupTable {
  readonly #ids = new Map<string, number>();
  readonly #groups: (Group | undefined)[] = [];
  readonly #references: number[] = [];
  /** By id: series that count there. */
  readonly #series: number[] = [];
  readonly #free: number[] = [];
  readonly #targets: number;
  /** Rank of each id in the order of texts; null where a group has come since. */
  #ranks: Int32Array | null = null;
  /** Groups that have a place. */
  placed = 0;

  /** So many groups have a place. */
  readonly maxGroups: number;

  constructor(by: readonly string[], { targets, maxGroups }: GroupOptions) {
    this.#targets = targets;
    this.maxGroups = maxGroups;
    this.refer(Object.fromEntries(by.map((label) => [label, OVERFLOW_VALUE])));
  }

  /** Whether a series may count there: the group has a place, or there is one left. */
  hasRoom(id: number): boolean {
    return id === OVERFLOW || (this.#series[id] ?? 0) > 0 || this.placed < this.maxGroups;
  }

  /** The same for a group of which nothing may be known. */
  hasRoomFor(labels: Labels): boolean {
    const id = this.#ids.get(groupText(labels));
    return id === undefined ? this.placed < this.maxGroups : this.hasRoom(id);
  }

  /** One more series counts there, which gives the group its place. Whether that is new. */
  enter(id: number): boolean {
    if (id === OVERFLOW) return false;
    const before = this.#series[id] ?? 0;
    this.#series[id] = before + 1;
    if (before === 0) this.placed++;
    return before === 0;
  }

  /** One series less; the last one gives the place back. Whether it did. */
  leave(id: number): boolean {
    if (id === OVERFLOW) return false;
    const left = (this.#series[id] ?? 0) - 1;
    this.#series[id] = left;
    if (left === 0) this.placed--;
    return left === 0;
  }

  /** The id of the group; one more reference to it. */
  refer(labels: Labels): number {
    const text = groupText(labels);
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#free.pop() ?? this.#groups.length;
      this.#ids.set(text, id);
      // Frozen, they are encoded once.
      this.#groups[id] = {
        text,
        labels: Object.freeze(labels),
        target: partitionOf(text, this.#targets),
        bytes: sizeBound(labels),
      };
      this.#ranks = null;
      this.#references[id] = 0;
      this.#series[id] = 0;
    }
    this.hold(id);
    return id;
  }

  /** One more reference to a group that somebody refers to already. */
  hold(id: number): void {
    this.#references[id] = (this.#references[id] ?? 0) + 1;
  }

  release(id: number): void {
    const left = (this.#references[id] ?? 0) - 1;
    this.#references[id] = left;
    if (left > 0) return;
    const group = this.#groups[id];
    if (group) this.#ids.delete(group.text);
    this.#groups[id] = undefined;
    this.#free.push(id);
  }

  get(id: number): Group {
    const group = this.#groups[id];
    if (!group) throw new Error(`group ${id} was released`);
    return group;
  }

  /** Sorts ids, each there once, by the texts of their groups. */
  sort(ids: number[]): readonly number[] {
    this.#ranks ??= this.#rank();
    const ranks = this.#ranks;
    if (ids.length * FEW < ranks.length) return ids.sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0));
    const byRank = new Int32Array(ranks.length).fill(-1);
    for (const id of ids) byRank[ranks[id] ?? 0] = id;
    let sorted = 0;
    for (const id of byRank) if (id >= 0) ids[sorted++] = id;
    return ids;
  }

  #rank(): Int32Array {
    const ranks = new Int32Array(this.#groups.length);
    const ids = [...this.#ids].sort(([a], [b]) => byCodeUnits(a, b));
    ids.forEach(([, id], rank) => {
      ranks[id] = rank;
    });
    return ranks;
  }

  /** How many ids there may be: arrays by group are this long. */
  get capacity(): number {
    return this.#groups.length;
  }
}

/** Of lengths of one to three bytes, and texts of up to three bytes for each code unit. */
function sizeBound(labels: Labels): number {
  let bytes = 0;
  for (const name of Object.keys(labels)) bytes += 10 + 3 * (name.length + (labels[name]?.length ?? 0));
  return bytes;
}
