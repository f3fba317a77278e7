import type { GroupJudgement, Judgement } from '../model/judgement.js';
import type { Rule } from '../model/rule.js';
import { groupText } from '../model/text.js';

/** Says once of each rule that its measure cannot be told from the buckets of a group; all are counted elsewhere. */
export class Untold {
  readonly #said = new Set<Rule>();
  readonly #before = new WeakMap<Rule, Set<string>>();

  constructor(readonly warn: (message: string) => void) {}

  observe(judgements: readonly Judgement[]): void {
    for (const { rule, groups } of judgements) {
      if (this.#said.has(rule)) continue;
      const found = groups.find((group) => group.unjudged === 'buckets' && this.#lasts(rule, group));
      if (!found) continue;
      this.#said.add(rule);
      const bounds =
        found.sums?.buckets?.le.map((le) => (le === Infinity ? '+Inf' : le)).join(', ') || 'none';
      this.warn(
        `${rule.file}:${rule.line} ${rule.alert}: ${rule.condition.measure} of ${groupText(found.labels)} cannot be told from its buckets, so it is not judged: compare with a bound that all its series have (${bounds})`,
      );
    }
  }

  /** Of a series that was there before the rule nothing is known in the first window. */
  #lasts(rule: Rule, { labels, sums }: GroupJudgement): boolean {
    if ((sums?.buckets?.le.length ?? 0) > 0) return true;
    const before = this.#before.get(rule) ?? new Set();
    this.#before.set(rule, before);
    const text = groupText(labels);
    if (before.has(text)) return true;
    before.add(text);
    return false;
  }
}
