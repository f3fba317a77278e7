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

/** The groups of one selection, as small integers that are given again once nobody refers to them. */
export class GroupTable {
  readonly #ids = new Map<string, number>();
  readonly #groups: (Group | undefined)[] = [];
  readonly #references: number[] = [];
  readonly #free: number[] = [];
  readonly #targets: number;
  /** Place of each id in the order of texts; null where a group has come since. */
  #ranks: Int32Array | null = null;

  constructor(targets: number) {
    this.#targets = targets;
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

  /** Sorts ids by the texts of their groups. */
  sort(ids: number[]): readonly number[] {
    this.#ranks ??= this.#rank();
    const ranks = this.#ranks;
    return ids.sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0));
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

  get size(): number {
    return this.#ids.size;
  }
}

/** Of lengths of one to three bytes, and texts of up to three bytes for each code unit. */
function sizeBound(labels: Labels): number {
  let bytes = 0;
  for (const name of Object.keys(labels)) bytes += 10 + 3 * (name.length + (labels[name]?.length ?? 0));
  return bytes;
}
