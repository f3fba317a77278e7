import type { AlertRecord } from '../../schemas/types.js';
import type { Instant } from './lying.js';
import { leastOf, measureOf, type Past } from './measuring.js';
import type { Note, Sums } from './records.js';
import type { PlainRule } from './rules.js';
import { alertRecord, type Basis, thresholdOf } from './saying.js';
import type { Labels } from './selections.js';

/** docs/semantics.md, "Baseline" and "Conditions and states", once more: window by window, for one rule and group. */

interface Active {
  firing: boolean;
  readonly since: number;
  lastTrue: number;
  lastJudged: number;
  /** What is held since the window that broke the rule; null where there was nothing. */
  readonly held: readonly Past[] | null;
}

interface History {
  /** By E. */
  readonly instants: ReadonlyMap<number, Instant>;
  /** Those that are over, the oldest first. */
  readonly sessions: Instant[];
  /** The E after which the rule was active. */
  readonly activeAfter: Set<number>;
}

/** Every transition of the rule for the group, over all windows that closed. */
export function judgeGroup(
  rule: PlainRule,
  whose: { readonly group: Labels; readonly revision: string },
  instants: readonly Instant[],
  note: Note,
): AlertRecord[] {
  const alerts: AlertRecord[] = [];
  const history: History = {
    instants: new Map(instants.map((one) => [one.at, one])),
    sessions: [],
    activeAfter: new Set(),
  };
  let active: Active | null = null;
  for (const instant of instants) {
    const { at: end, sums } = instant;
    if (instant.open) {
      if (active !== null) note('active while a session is open');
      continue;
    }
    if (sums === null && active === null) continue;
    const basis = basisOf(rule, instant, active, history);
    const holds = holdsFor(rule, instant, basis);
    if (holds !== null) note(`judged by ${rule.measure}`);
    if (sums && sums.requests > 0 && measureOf(rule.measure, sums, { ms: end }) === null)
      note(holds === null ? 'buckets that do not tell' : 'a quantile beyond the last bound');
    const say = (state: AlertRecord['state'], since: number, reason: string | null, how = basis): void => {
      alerts.push(alertRecord(rule, whose, { state, since, reason, instant, basis: how }));
      note(`${state} ${reason ?? ''}`);
      note(`${rule.alert} ${state}`);
      if (how.frozenAt !== null && how.frozenAt < end) note('judged by a baseline that is held');
    };
    if (active === null) {
      if (holds === true) {
        const held = rule.freeze ? basis.windows : null;
        active = { firing: rule.for === 0, since: end, lastTrue: end, lastJudged: end, held };
        say(active.firing ? 'firing' : 'pending', end, null, { ...basis, frozenAt: held && end });
      }
    } else {
      const since: number = active.since;
      const ended = active.firing ? 'resolved' : 'inactive';
      let reason: string | null = null;
      if (holds === null) {
        if (sums) note(sums.covered ? 'data that cannot be judged' : 'active where nothing is covered');
        if (end - active.lastJudged > rule.noDataFor) reason = 'no_data';
      } else {
        active.lastJudged = end;
        if (holds) active.lastTrue = end;
        if (holds && !active.firing && end - since >= rule.for) {
          active.firing = true;
          say('firing', since, null);
        }
        const lingers = active.firing && end - active.lastTrue < rule.keepFiringFor;
        if (!holds && lingers) note('keeps firing');
        if (!holds && !lingers)
          reason = basis.expired && rule.factor !== null ? 'baseline expired' : 'recovered';
      }
      if (reason !== null) {
        active = null;
        say(ended, since, reason);
      }
    }
    if (active !== null) history.activeAfter.add(end);
    if (sums) history.sessions.push(instant);
  }
  return alerts;
}

/** Null where that is not judged. */
function holdsFor(rule: PlainRule, { start, end, sums }: Instant, basis: Basis): boolean | null {
  const threshold = thresholdOf(rule, basis);
  if (!sums?.covered || sums.requests < rule.minRequests || threshold === null) return null;
  const value = measureOf(rule.measure, sums, { ms: end - start });
  if (value !== null) return rule.compare(value, threshold);
  return beyond(rule, sums, threshold) ? rule.compare(Number.POSITIVE_INFINITY, threshold) : null;
}

/** Whether the value has no number, but is above the threshold. */
function beyond(rule: PlainRule, sums: Sums, threshold: number): boolean {
  const least = leastOf(rule.measure, sums);
  return least !== null && least >= threshold;
}

function basisOf(rule: PlainRule, instant: Instant, active: Active | null, history: History): Basis {
  const held = rule.freeze && active !== null ? active.held : null;
  if (active !== null && held !== null && instant.at - active.since <= rule.maxAge)
    return { windows: held, frozenAt: active.since, expired: false };
  const counting: Past[] = [];
  for (const { at, start, end, sums } of candidates(rule, instant, history)) {
    if (!sums || !(sums.requests > 0)) continue;
    if (rule.freeze && held === null && history.activeAfter.has(at)) continue;
    counting.push({ ...sums, ms: end - start });
  }
  return {
    windows: counting.length >= rule.minWindows ? counting : null,
    frozenAt: null,
    expired: held !== null,
  };
}

/** Those that the window at this instant is compared with, the oldest first. */
function candidates(rule: PlainRule, { at, start }: Instant, history: History): readonly Instant[] {
  const { window: W, gap } = rule.selection;
  if (gap !== undefined) {
    const oldest = start - rule.windows * (gap + W);
    return history.sessions.slice(-rule.windows).filter((one) => one.start >= oldest);
  }
  const last = Math.floor((at - W) / W) * W;
  const ends = Array.from({ length: rule.windows }, (_, i) => last - (rule.windows - 1 - i) * W);
  return ends.flatMap((end) => history.instants.get(end) ?? []);
}
