import type { Held } from './baseline.js';
import type { Labels } from './matcher.js';
import type { AbsencePolicy, Rule, Severity } from './rule.js';
import { LOOKBACK } from './watermarks.js';

/** A rule that is pending or firing for a group. Times are ends of windows, ms. */
export interface ActiveAlert {
  state: 'pending' | 'firing';
  /** The window in which the condition first held. */
  readonly since: number;
  /** The last window in which it held. */
  last: number;
  /** The last window that was judged at all. */
  lastJudged: number;
  readonly held: Held | null;
  /** As they were when it began. */
  readonly labels: Labels;
  readonly severity: Severity;
}

export type Reason = 'recovered' | 'baseline expired' | 'no_data' | 'rule_changed';

/** What a window does to an alert that is active; null leaves the state as it is. */
export type Transition =
  | { readonly to: 'firing' }
  | { readonly to: 'inactive' | 'resolved'; readonly reason: Reason }
  | null;

/** What was found in the window. */
export interface Found {
  /** Whether the conditions hold; null where that cannot be said. */
  readonly condition: boolean | null;
  /** Whether it is over, where the rule says so by conditions of its own. */
  readonly cleared: boolean;
}

/** One step of the state machine of an active alert. Updates `last` and `lastJudged`. */
export function step(alert: ActiveAlert, rule: Rule, end: number, { condition, cleared }: Found): Transition {
  if (condition === null) return end - alert.lastJudged <= rule.noDataFor ? null : endsWithoutData(alert);
  alert.lastJudged = end;
  if (condition) {
    alert.last = end;
    return alert.state === 'pending' && end - alert.since >= rule.for ? { to: 'firing' } : null;
  }
  if (alert.state === 'firing' && (!cleared || end - alert.last < rule.keepFiringFor)) return null;
  return { to: goneFrom(alert), reason: 'recovered' };
}

export const endsWithoutData = (alert: ActiveAlert): Transition => ({
  to: goneFrom(alert),
  reason: 'no_data',
});

const goneFrom = ({ state }: ActiveAlert): 'inactive' | 'resolved' =>
  state === 'firing' ? 'resolved' : 'inactive';

/** A group without data for longer is as if it had never been, ms: a day, and as long as a series is looked back for. */
export const ABSENT_FOR = 86_400_000 + LOOKBACK;

/** What a window without data is to a rule: as if the conditions held, the end of an alert, nothing, or not judged. */
export type Absence = 'holds' | 'ends' | 'stays' | 'unjudged';

/** `absentFor`: how long ago the group's last window with data ended, ms; null where that is not known any more. */
export function absenceOf(policy: AbsencePolicy, absentFor: number | null): Absence {
  if (policy === 'keep') return 'unjudged';
  if (policy === 'resolve' || absentFor === null || absentFor > ABSENT_FOR) return 'ends';
  return policy === 'alert' ? 'holds' : 'stays';
}
