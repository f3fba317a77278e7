import type { ActiveAlert } from './alert-state.js';
import type { BaselineView } from './baseline.js';
import type { Burned } from './burn.js';
import type { Labels } from './matcher.js';
import type { Rule } from './rule.js';
import type { Sharing } from './shared-baselines.js';
import type { GroupWindow } from './sums.js';
import type { Unjudged } from './unjudged.js';
import type { WindowColumns } from './window-columns.js';

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
  /** `notable`: places of the others, in order. */
  constructor(
    readonly rule: Rule,
    readonly columns: WindowColumns,
    readonly notable: readonly number[],
  ) {}

  /** How many they are. */
  get size(): number {
    return this.columns.groups.length - this.notable.length;
  }

  /** So many of them at most. */
  first(most: number): readonly GroupJudgement[] {
    const found: GroupJudgement[] = [];
    let next = 0;
    for (let i = 0; i < this.columns.groups.length && found.length < most; i++) {
      if (this.notable[next] === i) next++;
      else found.push(this.#at(i));
    }
    return found;
  }

  #at(i: number): GroupJudgement {
    const { groups, calm } = this.columns;
    const { merged: sums } = groups[i] as Sharing;
    const baseline = calm.of(this.rule, i);
    return { labels: sums.labels, sums, baseline, burned: null, state: 'inactive', unjudged: null };
  }
}
