import { baselineValue } from './alert-record.js';
import type { PastWindow } from './baseline.js';
import { type Measure, measured } from './measures.js';
import type { BaselineSettings, Rule } from './rule.js';
import { chooseAlike, type SharedBaselines } from './shared-baselines.js';
import type { GroupWindow } from './sums.js';
import { compare } from './verdict.js';

/** A group of a closed window, and what all rules of its selection share of it. */
export interface Sharing {
  readonly merged: GroupWindow;
  readonly past: readonly PastWindow[];
  readonly baselines: SharedBaselines;
}

interface Compared {
  readonly measure: Measure;
  readonly settings: BaselineSettings;
  readonly column: Float64Array;
}

/** What a glance at a group says: that a rule's condition holds, or does not, or that it takes more to tell. */
export const Glance = { untold: 0, holds: 1, holdsNot: 2 } as const;

/**
 * The numbers of all groups of a closed window, in columns that are computed once for all rules that compare them:
 * a hundred rules on a selection cost a hundred comparisons of two numbers.
 */
export class WindowColumns {
  readonly #values = new Map<Measure, Float64Array>();
  readonly #baselines: Compared[] = [];
  #places: ReadonlyMap<string, number> | null = null;

  constructor(readonly groups: readonly Sharing[]) {}

  /**
   * What the rule's condition comes to for each group, as if nothing were remembered of the rule for it; null where
   * the rule is judged by more than one comparison. Where a number is missing, the glance does not tell.
   */
  glances(rule: Rule): Uint8Array | null {
    const { condition, also, objective, minRequests } = rule;
    const { measure, operator, threshold } = condition;
    if (objective !== null || also.length > 0) return null;
    if (threshold.kind === 'baseline' && threshold.mads !== 0) return null;
    const { groups } = this;
    const values = this.#valuesOf(measure);
    const baselines = threshold.kind === 'baseline' ? this.#baselinesOf(rule) : null;
    const factor = threshold.kind === 'baseline' ? threshold.factor : threshold.value;
    const found = new Uint8Array(groups.length);
    for (let i = 0; i < groups.length; i++) {
      const { covered, requests } = (groups[i] as Sharing).merged;
      const value = values[i] as number;
      const against = baselines === null ? factor : factor * (baselines[i] as number);
      if (!covered || requests < minRequests || Number.isNaN(value) || Number.isNaN(against)) continue;
      found[i] = compare(value, operator, against) ? Glance.holds : Glance.holdsNot;
    }
    return found;
  }

  /** Places of the groups, by their texts. */
  get places(): ReadonlyMap<string, number> {
    this.#places ??= new Map(this.groups.map(({ merged }, i) => [merged.text, i]));
    return this.#places;
  }

  /** NaN where it cannot be told. */
  #valuesOf(measure: Measure): Float64Array {
    const known = this.#values.get(measure);
    if (known) return known;
    const column = new Float64Array(this.groups.length);
    for (const [i, { merged }] of this.groups.entries())
      column[i] = measured(measure, merged, merged.end - merged.start) ?? Number.NaN;
    this.#values.set(measure, column);
    return column;
  }

  /** NaN where there is none. */
  #baselinesOf(rule: Rule): Float64Array {
    const { baseline: settings, condition } = rule;
    const { measure } = condition;
    for (const one of this.#baselines)
      if (one.measure === measure && chooseAlike(one.settings, settings)) return one.column;
    const column = new Float64Array(this.groups.length);
    for (const [i, { baselines }] of this.groups.entries())
      column[i] = baselineValue(measure, baselines.of(rule)) ?? Number.NaN;
    this.#baselines.push({ measure, settings, column });
    return column;
  }
}
