import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import type { Burn } from './burning.js';
import type { Instant } from './lying.js';
import { measureOf, middleOf, type Past, valueOver, valuesOf } from './measuring.js';
import type { Sums } from './records.js';
import type { Condition, MeasureName, Objective, PlainRule } from './rules.js';
import { type Labels, type PlainSelection, sha, textOf } from './selections.js';
import { FILE, lineOf } from './sla.js';

/** docs/semantics.md, "Windows out" and "Alert record", once more. */

export const windowRecord = (
  { id, metric, buckets: keeps }: PlainSelection,
  group: Labels,
  { start, end }: Instant,
  sums: Sums,
): WindowRecord => ({
  metric,
  selection: id,
  group,
  start,
  end,
  ...sums,
  requestRate: (sums.requests * 1000) / (end - start),
  errorRatio: measureOf('error_ratio', sums, { ms: end - start }),
  meanLatency: measureOf('mean_latency', sums, { ms: end - start }),
  buckets: keeps ? [...(sums.buckets ?? [])].map(([le, count]) => ({ le, count })) : null,
});

export interface Basis {
  /** Null where it is not ready. */
  readonly windows: readonly Past[] | null;
  readonly frozenAt: number | null;
  readonly expired: boolean;
}

export function thresholdOf(
  { factor, mads, fixed, measure }: Condition,
  { windows }: Basis,
  { median }: PlainRule,
): number | null {
  if (factor === null) return fixed;
  const value = valueOver(measure, windows, median);
  if (value === null || windows === null) return null;
  if (mads === 0) return factor * value;
  const distances = valuesOf(measure, windows).map((one) => Math.abs(one - value));
  return factor * value + mads * (middleOf(distances) ?? 0);
}

export interface Transition {
  readonly state: AlertRecord['state'];
  readonly since: number;
  readonly reason: string | null;
  readonly instant: Instant;
  readonly basis: Basis;
  /** Of an objective; null where its own window has no data, or is not covered. */
  readonly burn: Burn | null;
}

const digest = (text: string): string => sha(text).slice(0, 32);

export function alertRecord(
  rule: PlainRule,
  { group, revision }: { readonly group: Labels; readonly revision: string },
  { state, since, reason, instant, basis, burn }: Transition,
): AlertRecord {
  const { at, start, end, sums } = instant;
  const labels = { ...group, ...rule.labels, alertname: rule.alert, severity: rule.severity };
  const value = valueOver(rule.measure, basis.windows, rule.median);
  const ownValue = sums && measureOf(rule.measure, sums, { ms: end - start });
  return {
    id: digest(`${rule.name}\n${textOf(group)}\n${at}\n${state}`),
    fingerprint: digest(textOf(labels)),
    alert: rule.alert,
    state,
    severity: rule.severity,
    labels,
    annotations: {},
    measure: rule.measure,
    operator: rule.operator,
    value: rule.objective ? (burn?.deciding.long ?? null) : ownValue,
    threshold: burn?.deciding.factor ?? thresholdOf(rule, basis, rule),
    requests: sums?.requests ?? null,
    windowStart: start,
    windowEnd: end,
    startsAt: since,
    endsAt: state === 'resolved' ? at : null,
    baseline:
      rule.factor === null || value === null || basis.windows === null
        ? null
        : { value, windows: basis.windows.length, frozenAt: basis.frozenAt },
    context: rule.context.map((measure) => contextOf(rule, measure, { instant, basis })),
    conditions: rule.objective ? burnsOf(rule, rule.objective, burn) : conditionsOf(rule, { instant, basis }),
    reason,
    rule: { file: FILE, line: lineOf(rule.alert), revision },
  };
}

/** Of a list. */
function conditionsOf(
  rule: PlainRule,
  { instant: { start, end, sums }, basis }: Pick<Transition, 'instant' | 'basis'>,
): AlertRecord['conditions'] {
  if (rule.also.length === 0) return [];
  return [rule, ...rule.also].map((one) => ({
    measure: one.measure,
    operator: one.operator,
    window: rule.selection.window,
    value: sums && measureOf(one.measure, sums, { ms: end - start }),
    threshold: thresholdOf(one, basis, rule),
  }));
}

const burnsOf = (
  { measure, operator }: PlainRule,
  { rates }: Objective,
  burn: Burn | null,
): AlertRecord['conditions'] =>
  rates.flatMap(({ long, short, factor: threshold }, i) => {
    const both = { measure, operator, threshold };
    const found = burn?.rates[i];
    return [
      { ...both, window: long, value: found?.long ?? null },
      { ...both, window: short, value: found?.short ?? null },
    ];
  });

function contextOf(
  { factor, median }: PlainRule,
  measure: MeasureName,
  { instant: { start, end, sums }, basis }: Pick<Transition, 'instant' | 'basis'>,
): AlertRecord['context'][number] {
  const value = sums && measureOf(measure, sums, { ms: end - start });
  const baseline = valueOver(measure, basis.windows, median);
  const ratio = value === null || baseline === null || baseline === 0 ? null : value / baseline;
  return { measure, value, baseline, ratio, rising: ratio !== null && ratio > (factor ?? 1.2) };
}
