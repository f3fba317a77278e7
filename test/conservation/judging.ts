import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { type Bounds, type Seen, type Sums, together } from './counting.js';
import {
  digest,
  FILE,
  type Labels,
  lineOf,
  type MeasureName,
  type PlainRule,
  type PlainSelection,
  revision,
  textOf,
} from './rules.js';

/** docs/semantics.md, "Baseline" to "Alert record", once more: window by window for one rule and group. */

export const measureOf = (
  measure: MeasureName,
  { requests, latencySum, errors, buckets, max }: Sums,
  { ms, windows = 1 }: { readonly ms: number; readonly windows?: number },
): number | null => {
  if (measure === 'request_rate') return (requests * 1000) / ms;
  if (measure === 'max') return max === null ? null : max / windows;
  if (measure.startsWith('p')) return quantile(measure, buckets)?.value ?? null;
  const bound = { 'ratio(latency < 100ms)': 0.1, 'ratio(latency < 200ms)': 0.2 }[measure as string];
  if (bound !== undefined) {
    const [below, all] = [buckets?.get(bound), buckets?.get(Number.POSITIVE_INFINITY)];
    return below === undefined || !all ? null : below / all;
  }
  if (requests === 0) return null;
  return (measure === 'error_ratio' ? errors : latencySum) / requests;
};

/** The value, null beyond the last bound but `above` it; null as a whole where there is none. */
function quantile(
  measure: MeasureName,
  buckets: Bounds | null,
): { readonly value: number | null; readonly above: number } | null {
  const all = buckets?.get(Number.POSITIVE_INFINITY) ?? 0;
  if (!buckets || all <= 0) return null;
  const rank = Number(`0.${measure.slice(1, 3)}`) * all;
  let [above, under] = [0, 0];
  for (const [le, count] of buckets) {
    if (count >= rank) {
      if (le === Number.POSITIVE_INFINITY) return { value: null, above };
      return { value: Math.min(le, above + ((le - above) * (rank - under)) / (count - under)), above };
    }
    [above, under] = [le, count];
  }
  return null;
}

export const windowRecord = (
  { id, metric, window, buckets: keeps }: PlainSelection,
  group: Labels,
  start: number,
  sums: Sums,
): WindowRecord => ({
  metric,
  selection: id,
  group,
  start,
  end: start + window,
  ...sums,
  requestRate: (sums.requests * 1000) / window,
  errorRatio: measureOf('error_ratio', sums, { ms: window }),
  meanLatency: measureOf('mean_latency', sums, { ms: window }),
  buckets: keeps ? [...(sums.buckets ?? [])].map(([le, count]) => ({ le, count })) : null,
});

interface Basis {
  /** Null where it is not ready. */
  readonly windows: readonly Sums[] | null;
  readonly frozenAt: number | null;
  readonly expired: boolean;
}

interface Active {
  firing: boolean;
  readonly since: number;
  lastTrue: number;
  lastJudged: number;
  /** What is held since the window that broke the rule; null where there was nothing. */
  readonly held: readonly Sums[] | null;
}

/** Every transition of the rule for the group, over all windows that closed. */
export function judgeGroup(
  rule: PlainRule,
  group: Labels,
  windows: ReadonlyMap<number, Sums>,
  closedEnd: number,
  seen: Seen,
): AlertRecord[] {
  const alerts: AlertRecord[] = [];
  const W = rule.selection.window;
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const activeAfter = new Set<number>();
  let active: Active | null = null;
  for (let start = Math.min(...windows.keys()); start + W <= closedEnd; start += W) {
    const end = start + W;
    const sums = windows.get(start) ?? null;
    const basis = basisOf(rule, start, windows, active, activeAfter);
    const threshold = thresholdOf(rule, basis);
    const holds =
      sums?.covered && sums.requests >= rule.minRequests && threshold !== null
        ? holdsFor(rule, sums, threshold)
        : null;
    if (holds !== null) note(`judged by ${rule.measure}`);
    if (sums && sums.requests > 0 && measureOf(rule.measure, sums, { ms: W }) === null)
      note(holds === null ? 'buckets that do not tell' : 'a quantile beyond the last bound');
    const say = (state: AlertRecord['state'], since: number, reason: string | null, how = basis): void => {
      alerts.push(alertRecord(rule, group, { state, since, reason, end, sums, basis: how }));
      note(`${state} ${reason ?? ''}`);
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
    if (active !== null) activeAfter.add(start);
  }
  return alerts;
}

function holdsFor(rule: PlainRule, sums: Sums, threshold: number): boolean | null {
  const value = measureOf(rule.measure, sums, { ms: rule.selection.window });
  if (value !== null) return rule.compare(value, threshold);
  const found = rule.measure.startsWith('p') ? quantile(rule.measure, sums.buckets) : null;
  return found && found.above >= threshold ? rule.compare(Number.POSITIVE_INFINITY, threshold) : null;
}

function basisOf(
  rule: PlainRule,
  start: number,
  windows: ReadonlyMap<number, Sums>,
  active: Active | null,
  activeAfter: ReadonlySet<number>,
): Basis {
  const W = rule.selection.window;
  const held = rule.freeze && active !== null ? active.held : null;
  if (active !== null && held !== null && start + W - active.since <= rule.maxAge)
    return { windows: held, frozenAt: active.since, expired: false };
  const counting: Sums[] = [];
  for (let back = rule.windows; back >= 1; back--) {
    const one = windows.get(start - back * W);
    if (!one || !(one.requests > 0)) continue;
    if (rule.freeze && held === null && activeAfter.has(start - back * W)) continue;
    counting.push(one);
  }
  return {
    windows: counting.length >= rule.minWindows ? counting : null,
    frozenAt: null,
    expired: held !== null,
  };
}

function valueOver(measure: MeasureName, { windows }: Basis, W: number): number | null {
  if (windows === null) return null;
  const total: Sums = {
    ...{ requests: 0, latencySum: 0, errors: 0, samples: 0, covered: true },
    ...{ buckets: null, max: null },
  };
  for (const { requests, latencySum, errors, buckets, max } of windows) {
    total.requests += requests;
    total.latencySum += latencySum;
    total.errors += errors;
    total.buckets = together(total.buckets, buckets);
    if (max !== null) total.max = (total.max ?? 0) + max;
  }
  return measureOf(measure, total, { ms: windows.length * W, windows: windows.length });
}

function thresholdOf(rule: PlainRule, basis: Basis): number | null {
  if (rule.factor === null) return rule.fixed;
  const value = valueOver(rule.measure, basis, rule.selection.window);
  return value === null ? null : rule.factor * value;
}

interface Transition {
  readonly state: AlertRecord['state'];
  readonly since: number;
  readonly reason: string | null;
  readonly end: number;
  readonly sums: Sums | null;
  readonly basis: Basis;
}

function alertRecord(rule: PlainRule, group: Labels, transition: Transition): AlertRecord {
  const { state, since, reason, end, sums, basis } = transition;
  const W = rule.selection.window;
  const labels = { ...group, ...rule.labels, alertname: rule.alert, severity: rule.severity };
  const value = valueOver(rule.measure, basis, W);
  return {
    id: digest(`${rule.alert}\n${textOf(group)}\n${end}\n${state}`),
    fingerprint: digest(textOf(labels)),
    alert: rule.alert,
    state,
    severity: rule.severity,
    labels,
    annotations: {},
    measure: rule.measure,
    operator: rule.operator,
    value: sums && measureOf(rule.measure, sums, { ms: W }),
    threshold: thresholdOf(rule, basis),
    requests: sums?.requests ?? null,
    windowStart: end - W,
    windowEnd: end,
    startsAt: since,
    endsAt: state === 'resolved' ? end : null,
    baseline:
      rule.factor === null || value === null || basis.windows === null
        ? null
        : { value, windows: basis.windows.length, frozenAt: basis.frozenAt },
    context: rule.context.map((measure) => {
      const now = sums && measureOf(measure, sums, { ms: W });
      const past = valueOver(measure, basis, W);
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
    rule: { file: FILE, line: lineOf(rule.alert), revision },
  };
}
