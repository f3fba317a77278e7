import type { Rule } from '../../model/rule.js';
import { formatDuration } from '../duration.js';
import { nothing, type RuleLint, told } from './linted.js';
import { conditionsOf, hasBaseline } from './parts.js';

export const baselineWithoutLinger: RuleLint = ({ rule }) => {
  if (!hasBaseline(conditionsOf(rule)) || rule.keepFiringFor > 0) return nothing;
  return told(
    'when',
    rule.for > 0
      ? 'a baseline needs quiet windows after an alert before it judges again: keep_firing_for sees a relapse in that time'
      : 'a value beside its baseline comes and goes: without for and keep_firing_for the alert does too',
  );
};

/** For how many windows in a row a lasting change breaks the rule at most, where all of them count for the baseline. */
function windowsUntilUsual({ condition, baseline }: Rule): number {
  const { operator, threshold } = condition;
  if (threshold.kind !== 'baseline') return Infinity;
  const { factor } = threshold;
  // After k windows of N the mean has k / N of the change: s > f s k / N, however great s is.
  if (operator.startsWith('>') && factor > 1) return Math.ceil(baseline.windows / factor);
  return operator.startsWith('<') && factor < 1 ? baseline.windows : Infinity;
}

export const baselineErasesFor: RuleLint = ({ rule }) => {
  const { baseline, selection } = rule;
  const windows = windowsUntilUsual(rule);
  // What is put together from panes looks back at other windows than it is judged by.
  if (windows === Infinity || selection.panes !== null) return nothing;
  const never = `a lasting change is the baseline itself: a for of ${formatDuration(rule.for)} never passes`;
  const usual = windows * selection.window;
  if (!baseline.freeze && rule.for >= usual)
    return told('for', `with freeze: false, after ${formatDuration(usual)} ${never}`);
  const held = Math.max(baseline.maxAge, baseline.windows * selection.window);
  return baseline.freeze && rule.for > held
    ? told(
        'for',
        `the baseline is held for max_age, ${formatDuration(baseline.maxAge)}, after which ${never}`,
      )
    : nothing;
};

export const baselineUnused: RuleLint = ({ rule, own }) =>
  own.has('baseline') &&
  !hasBaseline([...conditionsOf(rule), ...(rule.clear ?? [])]) &&
  rule.context.length === 0
    ? told('baseline', 'nothing is compared with a baseline here')
    : nothing;
