import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import type { Instant } from './lying.js';
import { measureOf, type Past, valueOver } from './measuring.js';
import type { Sums } from './records.js';
import type { MeasureName, PlainRule } from './rules.js';
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

export function thresholdOf({ factor, fixed, measure }: PlainRule, { windows }: Basis): number | null {
  if (factor === null) return fixed;
  const value = valueOver(measure, windows);
  return value === null ? null : factor * value;
}

export interface Transition {
  readonly state: AlertRecord['state'];
  readonly since: number;
  readonly reason: string | null;
  readonly instant: Instant;
  readonly basis: Basis;
}

const digest = (text: string): string => sha(text).slice(0, 32);

export function alertRecord(
  rule: PlainRule,
  { group, revision }: { readonly group: Labels; readonly revision: string },
  { state, since, reason, instant, basis }: Transition,
): AlertRecord {
  const { at, start, end, sums } = instant;
  const labels = { ...group, ...rule.labels, alertname: rule.alert, severity: rule.severity };
  const value = valueOver(rule.measure, basis.windows);
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
    value: sums && measureOf(rule.measure, sums, { ms: end - start }),
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
    context: rule.context.map((measure) => contextOf(rule, measure, { instant, basis })),
    conditions: [],
    reason,
    rule: { file: FILE, line: lineOf(rule.alert), revision },
  };
}

function contextOf(
  { factor }: PlainRule,
  measure: MeasureName,
  { instant: { start, end, sums }, basis }: Pick<Transition, 'instant' | 'basis'>,
): AlertRecord['context'][number] {
  const value = sums && measureOf(measure, sums, { ms: end - start });
  const baseline = valueOver(measure, basis.windows);
  const ratio = value === null || baseline === null || baseline === 0 ? null : value / baseline;
  return { measure, value, baseline, ratio, rising: ratio !== null && ratio > (factor ?? 1.2) };
}
