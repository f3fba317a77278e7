import type { Held } from './baseline.js';
import type { Labels } from './matcher.js';
import type { Rule, Severity } from './rule.js';

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

/**
 * One step of the state machine of an active alert. `condition` is null where the window cannot be
 * judged. Updates `last` and `lastJudged`.
 */
export function step(alert: ActiveAlert, rule: Rule, end: number, condition: boolean | null): Transition {
  const gone = alert.state === 'firing' ? 'resolved' : 'inactive';
  if (condition === null) {
    return end - alert.lastJudged <= rule.noDataFor ? null : { to: gone, reason: 'no_data' };
  }
  alert.lastJudged = end;
  if (condition) {
    alert.last = end;
    return alert.state === 'pending' && end - alert.since >= rule.for ? { to: 'firing' } : null;
  }
  if (alert.state === 'firing' && end - alert.last < rule.keepFiringFor) return null;
  return { to: gone, reason: 'recovered' };
}
