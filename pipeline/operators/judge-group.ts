import { type AlertEvent, alertLabels } from '../model/alert-record.js';
import { type Absence, type ActiveAlert, absenceOf, endsWithoutData, step } from '../model/alert-state.js';
import type { BaselineView, PastWindow } from '../model/baseline.js';
import type { BurnFound } from '../model/burn.js';
import type { GroupRule, RuleJudging } from '../model/rule-judging.js';
import type { GroupWindow } from '../model/sums.js';
import { clears, type Verdict } from '../model/verdict.js';
import type { ClosedWindow } from './close-merged.js';

/** A group of which a rule remembers something, at a closed window. */
export interface Remembered {
  readonly window: ClosedWindow;
  readonly judging: RuleJudging;
  /** Null without data. */
  readonly merged: GroupWindow | null;
  readonly group: GroupRule;
  readonly text: string;
  readonly past: readonly PastWindow[];
}

export interface Case extends Omit<Remembered, 'past'> {
  readonly baseline: BaselineView;
  readonly burn: BurnFound | null;
}

/** What the window does to the alert of a rule for a group; null where nothing. */
export function judgeGroup(one: Case, verdict: Verdict): AlertEvent | null {
  const { window, judging, group, baseline } = one;
  const { rule } = judging;
  const { alert } = group;
  const absence = verdict === 'no_data' ? absenceFor(one) : null;
  const condition = absence === 'holds' ? true : typeof verdict === 'boolean' ? verdict : null;
  if (alert === null) return condition === true ? begin(one) : null;
  if (absence === 'stays') return null;
  const cleared = rule.clear === null || (one.merged !== null && clears(rule.clear, one.merged, baseline));
  const transition =
    absence === 'ends' ? endsWithoutData(alert) : step(alert, rule, window.end, { condition, cleared });
  if (transition === null) return null;
  if (transition.to === 'firing') {
    alert.state = 'firing';
    return eventOf(one, alert, { baseline, state: 'firing', reason: null });
  }
  group.alert = null;
  judging.active--;
  const byExpired = baseline.expired && rule.condition.threshold.kind === 'baseline';
  const reason = transition.reason === 'recovered' && byExpired ? 'baseline expired' : transition.reason;
  return eventOf(one, alert, { baseline, state: transition.to, reason });
}

function absenceFor({ window, judging, text }: Case): Absence {
  const seen = window.judging.seen?.get(text);
  return absenceOf(judging.rule.noData, seen === undefined ? null : window.end - seen.end);
}

/** An alert begins with the window. */
export function begin(one: Case): AlertEvent {
  const { window, judging, group, baseline, merged } = one;
  const { rule } = judging;
  const { end } = window;
  // What has no data is nothing to compare with.
  const holds = rule.baseline.freeze && baseline.sums !== null && merged !== null;
  const held = holds ? { sums: baseline.sums, frozenAt: end } : null;
  const alert: ActiveAlert = {
    state: rule.for === 0 ? 'firing' : 'pending',
    since: end,
    last: end,
    lastJudged: end,
    held,
    labels: alertLabels(rule, group.labels),
    severity: rule.severity,
  };
  group.alert = alert;
  judging.active++;
  const view = held === null ? baseline : { ...baseline, frozenAt: end };
  return eventOf(one, alert, { baseline: view, state: alert.state, reason: null });
}

function eventOf(
  { window, judging, merged, text, burn }: Case,
  alert: ActiveAlert,
  { baseline, state, reason }: Pick<AlertEvent, 'baseline' | 'state' | 'reason'>,
): AlertEvent {
  return {
    rule: judging.rule,
    group: text,
    labels: alert.labels,
    severity: alert.severity,
    state,
    reason,
    since: alert.since,
    at: window.end,
    windowStart: merged?.start ?? window.start,
    windowEnd: merged?.end ?? window.end,
    sums: merged,
    baseline,
    burn,
  };
}
