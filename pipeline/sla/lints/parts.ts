import type { Measure } from '../../model/measures.js';
import type { Condition, Rule } from '../../model/rule.js';

/** What breaks the rule. */
export const conditionsOf = (rule: Rule): readonly Condition[] => [rule.condition, ...rule.also];

/** All that it measures. */
export const measuresOf = (rule: Rule): readonly Measure[] => [
  ...new Set(
    [...conditionsOf(rule), ...(rule.clear ?? [])].map(({ measure }) => measure).concat(rule.context),
  ),
];

export const hasBaseline = (conditions: readonly Condition[]): boolean =>
  conditions.some(({ threshold }) => threshold.kind === 'baseline');
