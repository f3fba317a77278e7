import type { Note } from './records.js';
import { type Labels, type PlainSelection, selections, textOf } from './selections.js';

/** docs/semantics.md, "Groups beyond the limit", once more: of one partition. */
export class Places {
  /** By selection and series: the group it counts in. */
  readonly #counts = new Map(selections.map(({ id }) => [id, new Map<string, string>()]));

  constructor(
    readonly maxGroups: number,
    readonly note: Note,
  ) {}

  /** Where the series counts from this sample on: its own group, if that has a place or finds one. */
  groupOf({ id, by }: PlainSelection, key: string, labels: Labels): Labels {
    const own = Object.fromEntries(by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
    if (by.length === 0) return own;
    const overflow = Object.fromEntries(by.map((name) => [name, '__overflow__']));
    const counts = this.#counts.get(id) ?? new Map<string, string>();
    const before = counts.get(key);
    const placed = new Set(counts.values());
    placed.delete(textOf(overflow));
    const within = placed.has(textOf(own)) || placed.size < this.maxGroups;
    const group = within ? own : overflow;
    if (!within) this.note('a group without a place');
    if (within && before === textOf(overflow)) this.note('a group that finds a place later');
    counts.set(key, textOf(group));
    return group;
  }

  forget(key: string): void {
    for (const counts of this.#counts.values()) counts.delete(key);
  }
}
