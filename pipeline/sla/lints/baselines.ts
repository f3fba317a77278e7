import { formatDuration } from '../../model/durations.js';
import type { Condition, Rule } from '../../model/rule.js';
import { nothing, type RuleLint, told } from './linted.js';
import { conditionsOf, hasBaseline } from './parts.js';

export const baselineWithoutLinger: RuleLint = ({ rule }) => {
  if (!hasBaseline(conditionsOf(rule)) || rule.keepFiringFor > 0) return nothing;
  if (rule.for === 0)
    return told(
      'when',
      'a value beside its baseline comes and goes: without for and keep_firing_for the alert does too',
    );
  // The same time of another day is there, whatever came of the windows since.
  if (rule.baseline.offset > 0) return nothing;
  return told(
    'when',
    'a baseline needs quiet windows after an alert before it judges again: keep_firing_for sees a relapse in that time',
  );
};

/** Whether a window that is like its whole baseline can never break the rule. */
function holdsNotOfUsual({ operator, threshold }: Condition): boolean {
  if (threshold.kind !== 'baseline') return false;
  const { factor, mads } = threshold;
  const above = operator.startsWith('>') ? [factor - 1, mads] : [1 - factor, -mads];
  const equal = operator.endsWith('=') && factor === 1;
  return /^[<>]/.test(operator) && !equal && above.every((far) => far >= 0);
}

/** For how many windows in a row a lasting change breaks the rule at most, where all of them count for the baseline. */
function windowsUntilUsual({ condition, baseline: { method, windows } }: Rule): number {
  const { operator, threshold } = condition;
  if (threshold.kind !== 'baseline' || !holdsNotOfUsual(condition)) return Infinity;
  if (method === 'median') return Math.floor(windows / 2) + 1;
  // After k windows of N the mean has k / N of the change: s > f s k / N, however great s is.
  return operator.startsWith('>') ? Math.ceil(windows / threshold.factor) : windows;
}

export const baselineErasesFor: RuleLint = ({ rule }) => {
  const { baseline, selection } = rule;
  const windows = windowsUntilUsual(rule);
  // What is put together from panes looks back at other windows than it is judged by; an offset at other times.
  if (windows === Infinity || selection.panes !== null || baseline.offset > 0) return nothing;
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
