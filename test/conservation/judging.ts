import type { AlertRecord } from '../../schemas/types.js';
import { type Burn, burnAt } from './burning.js';
import type { Instant, Panes } from './lying.js';
import { leastOf, measureOf, type Past } from './measuring.js';
import type { Note, Sums } from './records.js';
import type { Condition, PlainRule } from './rules.js';
import { alertRecord, type Basis, thresholdOf } from './saying.js';
import type { Labels } from './selections.js';

/** docs/semantics.md, "Baseline" and "Conditions and states", once more: window by window, for one rule and group. */

const ABSENT = 86_400_000 + 300_000;

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
  /** E of the last window with data. */
  lastData: number;
}

interface Whose {
  readonly group: Labels;
  readonly revision: string;
  /** Of the group, all that closed. */
  readonly panes: Panes;
}

/** What was found at an instant. */
interface Found {
  readonly instant: Instant;
  readonly basis: Basis;
  readonly burn: Burn | null;
  readonly holds: boolean | null;
}

/** Every transition of the rule for the group, over all windows that closed. */
export function judgeGroup(
  rule: PlainRule,
  whose: Whose,
  instants: readonly Instant[],
  note: Note,
): AlertRecord[] {
  const alerts: AlertRecord[] = [];
  const history: History = {
    instants: new Map(instants.map((one) => [one.at, one])),
    sessions: [],
    activeAfter: new Set(),
    lastData: Number.NEGATIVE_INFINITY,
  };
  let active: Active | null = null;
  for (const instant of instants) {
    const { at: end, sums } = instant;
    if (instant.open) {
      if (active !== null) note('active while a session is open');
      continue;
    }
    if (sums) history.lastData = end;
    const silence = sums ? 'none' : silenceOf(rule, end - history.lastData);
    if (active === null && !sums && silence !== 'holds') continue;
    if (silence === 'nothing') {
      note('a silence that is ignored');
      history.activeAfter.add(end);
      continue;
    }
    const basis = basisOf(rule, instant, active, history);
    const burn = burnAt(rule, instant, whose.panes);
    const holds = silence === 'holds' ? true : holdsFor(rule, instant, { basis, burn, note });
    const found = { instant, basis, burn, holds };
    tell(rule, found, silence, note);
    const say = (state: AlertRecord['state'], since: number, reason: string | null, how = basis): void => {
      alerts.push(alertRecord(rule, whose, { state, since, reason, ...found, basis: how }));
      note(`${state} ${reason ?? ''}`);
      note(`${rule.name} ${state}`);
      if (how.frozenAt !== null && how.frozenAt < end) note('judged by a baseline that is held');
    };
    if (active === null) {
      if (holds === true) {
        const held = rule.freeze && sums ? basis.windows : null;
        active = { firing: rule.for === 0, since: end, lastTrue: end, lastJudged: end, held };
        say(active.firing ? 'firing' : 'pending', end, null, { ...basis, frozenAt: held && end });
      }
    } else {
      const since: number = active.since;
      const ended = active.firing ? 'resolved' : 'inactive';
      const wasFiring: boolean = active.firing;
      const reason = silence === 'over' ? 'no_data' : goOn(active, rule, found, note);
      if (active.firing && !wasFiring) say('firing', since, null);
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

/** What a window without data is to the rule. */
function silenceOf({ noData }: PlainRule, since: number): 'unjudged' | 'over' | 'nothing' | 'holds' {
  if (noData === 'keep') return 'unjudged';
  if (noData === 'resolve' || since > ABSENT) return 'over';
  return noData === 'alert' ? 'holds' : 'nothing';
}

/** Why the alert is over; null where it goes on, which may be as firing. */
function goOn(active: Active, rule: PlainRule, { instant, basis, holds }: Found, note: Note): string | null {
  const { at: end, sums } = instant;
  if (holds === null) {
    if (sums) note(sums.covered ? 'data that cannot be judged' : 'active where nothing is covered');
    return end - active.lastJudged > rule.noDataFor ? 'no_data' : null;
  }
  active.lastJudged = end;
  if (holds) {
    active.lastTrue = end;
    if (end - active.since >= rule.for) active.firing = true;
    return null;
  }
  if (active.firing) {
    if (rule.clear?.every((one) => conditionHolds(one, instant, { basis, rule }) === true) === false) {
      note('not cleared');
      return null;
    }
    if (end - active.lastTrue < rule.keepFiringFor) {
      note('keeps firing');
      return null;
    }
    if (rule.clear) note('cleared');
  }
  return basis.expired && rule.factor !== null ? 'baseline expired' : 'recovered';
}

function tell(
  rule: PlainRule,
  { instant: { at, sums }, basis, burn, holds }: Found,
  silence: string,
  note: Note,
): void {
  if (silence === 'holds') note('an alert for want of data');
  if (silence === 'over') note('over for want of data');
  if (!sums) return;
  if (holds !== null) {
    note(`judged by ${rule.measure}`);
    if (rule.factor !== null && rule.offset > 0) note('judged by a baseline with an offset');
    if (rule.factor !== null && rule.median) note('judged by a median');
    if (rule.mads !== 0 && thresholdOf({ ...rule, mads: 0 }, basis, rule) !== thresholdOf(rule, basis, rule))
      note('judged by a deviation');
  }
  if (rule.objective) {
    if (burn && burn.holds === null) note('a budget that cannot be judged');
    if (burn?.holds && burn.deciding !== burn.rates[0]) note('burned by a rate that is not the first');
    if (burn?.holds) note(`burned ${rule.severity}`);
  } else if (sums.requests > 0 && measureOf(rule.measure, sums, { ms: at }) === null)
    note(holds === null ? 'buckets that do not tell' : 'a quantile beyond the last bound');
}

interface Judging {
  readonly basis: Basis;
  readonly burn: Burn | null;
  readonly note: Note;
}

/** Null where that is not judged. */
function holdsFor(rule: PlainRule, instant: Instant, { basis, burn, note }: Judging): boolean | null {
  const { sums } = instant;
  if (!sums?.covered) return null;
  if (rule.objective) return burn?.holds ?? null;
  if (sums.requests < rule.minRequests) return null;
  const all = [rule, ...rule.also].map((one) => conditionHolds(one, instant, { basis, rule }));
  if (all.includes(null) && all.includes(false)) note('one that is false beside one that is not judged');
  if (all.includes(false)) return false;
  return all.includes(null) ? null : true;
}

function conditionHolds(
  condition: Condition,
  { start, end, sums }: Instant,
  { basis, rule }: { readonly basis: Basis; readonly rule: PlainRule },
): boolean | null {
  const threshold = thresholdOf(condition, basis, rule);
  if (!sums || threshold === null) return null;
  const value = measureOf(condition.measure, sums, { ms: end - start });
  if (value !== null) return condition.compare(value, threshold);
  return beyond(condition, sums, threshold) ? condition.compare(Number.POSITIVE_INFINITY, threshold) : null;
}

/** Whether the value has no number, but is above the threshold. */
function beyond({ measure }: Condition, sums: Sums, threshold: number): boolean {
  const least = leastOf(measure, sums);
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
  const last = Math.floor((at - (rule.offset || W)) / W) * W;
  const ends = Array.from({ length: rule.windows }, (_, i) => last - (rule.windows - 1 - i) * W);
  return ends.flatMap((end) => history.instants.get(end) ?? []);
}
