import type { ActiveAlert } from './alert-state.js';
import type { BaselineView } from './baseline.js';
import type { Burned } from './burn.js';
import type { Labels } from './matcher.js';
import type { Rule } from './rule.js';
import type { GroupWindow } from './sums.js';
import type { Unjudged } from './unjudged.js';
import { Glance, type Sharing } from './window-columns.js';

/** What a rule found in the window that ends there. */
export interface Judgement {
  readonly rule: Rule;
  /** ms */
  readonly end: number;
  /** The groups of which there is more to say than that the rule does not hold; also those without data. */
  readonly groups: readonly GroupJudgement[];
  /** The others, for which the rule is inactive, and was so after every window that is remembered. */
  readonly calm: CalmGroups;
}

export interface GroupJudgement {
  readonly labels: Labels;
  /** Null without data. */
  readonly sums: GroupWindow | null;
  /** What it was compared with. */
  readonly baseline: BaselineView;
  /** Of an objective, what decides; null where that is not known, and for any other rule. */
  readonly burned: Burned | null;
  /** As the window left it. */
  readonly state: ActiveAlert['state'] | 'inactive';
  /** Why there are data, but no judgement; null where there are none, or the rule was judged. */
  readonly unjudged: Unjudged | null;
}

/** Groups for which a rule does not hold, and of which it remembers nothing: objects only for those that are looked at. */
export class CalmGroups {
  #size = -1;

  constructor(
    readonly rule: Rule,
    readonly groups: readonly Sharing[],
    readonly glances: Uint8Array,
  ) {}

  /** How many they are. */
  get size(): number {
    if (this.#size < 0)
      this.#size = this.glances.reduce((sum, one) => sum + (one === Glance.holdsNot ? 1 : 0), 0);
    return this.#size;
  }

  /** So many of them at most. */
  first(most: number): readonly GroupJudgement[] {
    const found: GroupJudgement[] = [];
    for (let i = 0; i < this.groups.length && found.length < most; i++) {
      if (this.glances[i] !== Glance.holdsNot) continue;
      const { merged: sums, baselines } = this.groups[i] as Sharing;
      const baseline = baselines.of(this.rule);
      found.push({ labels: sums.labels, sums, baseline, burned: null, state: 'inactive', unjudged: null });
    }
    return found;
  }
}
