import type { Labels } from './matcher.js';
import { partitionOf } from './murmur2.js';
import { groupText } from './text.js';

export interface Group {
  readonly text: string;
  readonly labels: Labels;
  /** Partition of partials that the group belongs to. */
  readonly target: number;
}

/** The groups of one selection, as small integers that are given again once nobody refers to them. */
export class GroupTable {
  readonly #ids = new Map<string, number>();
  readonly #groups: (Group | undefined)[] = [];
  readonly #references: number[] = [];
  readonly #free: number[] = [];
  readonly #targets: number;

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
      this.#groups[id] = { text, labels, target: partitionOf(text, this.#targets) };
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

  /** How many ids there may be: arrays by group are this long. */
  get capacity(): number {
    return this.#groups.length;
  }

  get size(): number {
    return this.#ids.size;
  }
}
