import { ABSENT_FOR } from '../model/alert-state.js';
import { reachOf, spanOf } from '../model/baseline.js';
import type { Condition, Rule, RuleSet } from '../model/rule.js';
import { LOOKBACK } from '../model/watermarks.js';

/** How long before a time judging has to begin for what it says from there on, ms: docs/semantics.md, "Lead-in". */
export const lookBack = ({ rules }: RuleSet): number => Math.max(LOOKBACK, ...rules.map(lookBackOf));

function lookBackOf(rule: Rule): number {
  const { selection, baseline, noData, objective } = rule;
  const window = spanOf(selection);
  const stays = rule.for + Math.max(rule.keepFiringFor, rule.noDataFor);
  const conditions = [rule.condition, ...rule.also, ...(rule.clear ?? [])];
  const compared = needBaseline(conditions) || rule.context.length > 0;
  const compares = compared ? reachOf(rule) * window + (baseline.freeze ? baseline.maxAge : 0) : 0;
  const awaits = noData === 'alert' || noData === 'ignore' ? ABSENT_FOR : 0;
  const burns = Math.max(0, ...(objective?.rates ?? []).map(({ long }) => long.window));
  return LOOKBACK + Math.max(window, burns) + selection.grace + stays + compares + awaits;
}

/** Whether one of them cannot be judged without a baseline. */
export const needBaseline = (conditions: readonly Condition[]): boolean =>
  conditions.some(({ threshold }) => threshold.kind === 'baseline');

/** Length of the longest window, ms. */
export const longestWindow = ({ summed }: RuleSet): number => Math.max(0, ...summed.map(spanOf));

/** How far the watermark has to be past a time for every window that ends there to be closed, ms. */
export const greatestGrace = ({ rules }: RuleSet): number =>
  Math.max(0, ...rules.map(({ selection }) => selection.grace));
