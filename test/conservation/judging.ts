import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import type { Seen, Sums } from './counting.js';
import type { Instant } from './lying.js';
import { digest, FILE, lineOf, type MeasureName, type PlainRule } from './rules.js';
import { type Labels, METRIC, type PlainSelection, textOf } from './selections.js';

/** docs/semantics.md, "Baseline" to "Alert record", once more: window by window for one rule and group. */

export const measureOf = (
  measure: MeasureName,
  { requests, latencySum, errors }: Sums,
  ms: number,
): number | null => {
  if (measure === 'request_rate') return (requests * 1000) / ms;
  if (requests === 0) return null;
  return (measure === 'mean_latency' ? latencySum : errors) / requests;
};

export const windowRecord = (
  { id }: PlainSelection,
  group: Labels,
  { start, end }: Instant,
  sums: Sums,
): WindowRecord => ({
  metric: METRIC,
  selection: id,
  group,
  start,
  end,
  ...sums,
  requestRate: (sums.requests * 1000) / (end - start),
  errorRatio: measureOf('error_ratio', sums, end - start),
  meanLatency: measureOf('mean_latency', sums, end - start),
  buckets: null,
});

interface Past extends Sums {
  readonly ms: number;
}

interface Basis {
  /** Null where it is not ready. */
  readonly windows: readonly Past[] | null;
  readonly frozenAt: number | null;
  readonly expired: boolean;
}

interface Active {
  firing: boolean;
  readonly since: number;
  lastTrue: number;
  lastJudged: number;
  /** What is held since the window that broke the rule; null where there was nothing. */
  readonly held: readonly Past[] | null;
}

/** Every transition of the rule for the group, over all windows that closed. */
export function judgeGroup(
  rule: PlainRule,
  group: Labels,
  instants: readonly Instant[],
  seen: Seen,
): AlertRecord[] {
  const alerts: AlertRecord[] = [];
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const activeAfter = new Set<number>();
  let active: Active | null = null;
  for (const instant of instants) {
    const { at: end, sums } = instant;
    if (instant.open) {
      if (active !== null) note('active while a session is open');
      continue;
    }
    const basis = basisOf(rule, instant, instants, active, activeAfter);
    const threshold = thresholdOf(rule, basis);
    const value = sums && measureOf(rule.measure, sums, instant.end - instant.start);
    const judged = sums?.covered && sums.requests >= rule.minRequests && value !== null && threshold !== null;
    const holds = judged ? rule.compare(value, threshold) : null;
    const say = (state: AlertRecord['state'], since: number, reason: string | null, how = basis): void => {
      alerts.push(alertRecord(rule, group, { state, since, reason, instant, basis: how }));
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
    if (active !== null) activeAfter.add(end);
  }
  return alerts;
}

function basisOf(
  rule: PlainRule,
  instant: Instant,
  instants: readonly Instant[],
  active: Active | null,
  activeAfter: ReadonlySet<number>,
): Basis {
  const held = rule.freeze && active !== null ? active.held : null;
  if (active !== null && held !== null && instant.at - active.since <= rule.maxAge)
    return { windows: held, frozenAt: active.since, expired: false };
  const counting: Past[] = [];
  for (const { at, start, end, sums } of candidates(rule, instant, instants)) {
    if (!sums || !(sums.requests > 0)) continue;
    if (rule.freeze && held === null && activeAfter.has(at)) continue;
    counting.push({ ...sums, ms: end - start });
  }
  return {
    windows: counting.length >= rule.minWindows ? counting : null,
    frozenAt: null,
    expired: held !== null,
  };
}

/** Those that the window at this instant is compared with, the oldest first. */
function candidates(
  rule: PlainRule,
  { at, start }: Instant,
  instants: readonly Instant[],
): readonly Instant[] {
  const { window: W, gap } = rule.selection;
  if (gap !== undefined) {
    const sessions = instants.filter((one) => one.sums !== null && one.start < start);
    return sessions.slice(-rule.windows).filter((one) => one.start >= start - rule.windows * (gap + W));
  }
  const last = Math.floor((at - W) / W) * W;
  const ends = Array.from({ length: rule.windows }, (_, i) => last - (rule.windows - 1 - i) * W);
  return ends.flatMap((end) => instants.find((one) => one.at === end) ?? []);
}

function valueOver(measure: MeasureName, { windows }: Basis): number | null {
  if (windows === null) return null;
  const total = { requests: 0, latencySum: 0, errors: 0, samples: 0, covered: true };
  let length = 0;
  for (const { requests, latencySum, errors, ms } of windows) {
    length += ms;
    total.requests += requests;
    total.latencySum += latencySum;
    total.errors += errors;
  }
  return measureOf(measure, total, length);
}

function thresholdOf(rule: PlainRule, basis: Basis): number | null {
  if (rule.factor === null) return rule.fixed;
  const value = valueOver(rule.measure, basis);
  return value === null ? null : rule.factor * value;
}

interface Transition {
  readonly state: AlertRecord['state'];
  readonly since: number;
  readonly reason: string | null;
  readonly instant: Instant;
  readonly basis: Basis;
}

function alertRecord(rule: PlainRule, group: Labels, transition: Transition): AlertRecord {
  const { state, since, reason, instant, basis } = transition;
  const { at, start, end, sums } = instant;
  const labels = { ...group, ...rule.labels, alertname: rule.alert, severity: rule.severity };
  const value = valueOver(rule.measure, basis);
  return {
    id: digest(`${rule.alert}\n${textOf(group)}\n${at}\n${state}`),
    fingerprint: digest(textOf(labels)),
    alert: rule.alert,
    state,
    severity: rule.severity,
    labels,
    annotations: {},
    measure: rule.measure,
    operator: rule.operator,
    value: sums && measureOf(rule.measure, sums, end - start),
    threshold: thresholdOf(rule, basis),
    requests: sums?.requests ?? null,
    windowStart: start,
    windowEnd: end,
    startsAt: since,
    endsAt: state === 'resolved' ? at : null,
    baseline:
      rule.factor === null || value === null || basis.windows === null
        ? null
        : { value, windows: basis.windows.length, frozenAt: basis.frozenAt },
    context: rule.context.map((measure) => {
      const now = sums && measureOf(measure, sums, end - start);
      const past = valueOver(measure, basis);
      const ratio = now === null || past === null || past === 0 ? null : now / past;
      return {
        measure,
        value: now,
        baseline: past,
        ratio,
        rising: ratio !== null && ratio > (rule.factor ?? 1.2),
      };
    }),
    reason,
    rule: { file: FILE, line: lineOf(rule.alert), revision: '' },
  };
}
