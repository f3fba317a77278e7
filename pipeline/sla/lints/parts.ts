import type { Measure } from '../../model/measures.js';
import type { Condition, Rule } from '../../model/rule.js';

/** What breaks the rule. */
export const conditionsOf = (rule: Rule): readonly Condition[] => [rule.condition, ...rule.also];

/** What it judges requests by: an objective by the share that is good, or fails. */
const judgedBy = (rule: Rule): readonly Measure[] =>
  rule.objective
    ? [rule.objective.sli ?? 'error_ratio']
    : [...conditionsOf(rule), ...(rule.clear ?? [])].map(({ measure }) => measure);

/** All that it measures. */
export const measuresOf = (rule: Rule): readonly Measure[] => [
  ...new Set([...judgedBy(rule), ...rule.context]),
];

export const hasBaseline = (conditions: readonly Condition[]): boolean =>
  conditions.some(({ threshold }) => threshold.kind === 'baseline');
