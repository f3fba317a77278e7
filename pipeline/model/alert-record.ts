import { createHash } from 'node:crypto';
import { median, medianAbsoluteDeviation } from 'simple-statistics';
import type { AlertRecord, ContextMeasure } from '../../schemas/types.js';
import type { Reason } from './alert-state.js';
import type { BaselineView } from './baseline.js';
import { type BurnFound, unburned } from './burn.js';
import type { Labels } from './matcher.js';
import { type Measure, measured } from './measures.js';
import type { Condition, Rule, Severity } from './rule.js';
import type { Sums } from './sums.js';
import { groupText, normalLabels } from './text.js';

/** Fills the templates of an annotation. */
export type Expand = (template: string, rule: Rule, labels: Labels, value: number | null) => string;

/** Factor above which a context measure counts as rising, where the rule names none. */
const RISING = 1.2;

export interface AlertEvent {
  readonly rule: Rule;
  readonly group: string;
  readonly labels: Labels;
  readonly severity: Severity;
  readonly state: AlertRecord['state'];
  readonly reason: Reason | null;
  readonly since: number;
  /** Where it happened, ms: the end of the deciding window, or the watermark at which a rule changed. */
  readonly at: number;
  /** Of the deciding window, ms. */
  readonly windowStart: number;
  readonly windowEnd: number;
  /** Null without data. */
  readonly sums: Sums | null;
  /** Null where nothing was compared: a rule that changed. */
  readonly baseline: BaselineView | null;
  /** Of an objective; null for other rules, and without data. */
  readonly burn: BurnFound | null;
}

/** What its conditions are of. */
export type Judged = Pick<AlertEvent, 'rule' | 'sums' | 'burn' | 'windowStart' | 'windowEnd'>;

/** The alert's label set: group, the rule's labels over it, name and severity. */
export const alertLabels = (rule: Rule, group: Labels): Labels =>
  normalLabels({ ...group, ...rule.labels, alertname: rule.alert, severity: rule.severity });

/** What a condition compares with, in the unit of its measure; null while the baseline is not ready. */
export function thresholdOf({ measure, threshold }: Condition, baseline: BaselineView): number | null {
  if (threshold.kind === 'fixed') return threshold.value;
  const value = baselineValue(measure, baseline);
  if (value === null || threshold.mads === 0) return value === null ? null : threshold.factor * value;
  const deviation = medianAbsoluteDeviation(valuesOf(measure, baseline));
  return threshold.factor * value + threshold.mads * deviation;
}

/** What the windows that counted give together: by their sums, or the value in the middle. */
export function baselineValue(measure: Measure, { sums }: BaselineView): number | null {
  if (sums === null) return null;
  if (sums.each === null) return measured(measure, sums, sums.ms, sums.windows);
  const values = valuesOf(measure, { sums });
  return values.length === 0 ? null : median(values);
}

/** Of each window that counted and has one. */
const valuesOf = (measure: Measure, { sums }: Pick<BaselineView, 'sums'>): number[] =>
  (sums?.each ?? []).flatMap((window) => measured(measure, window, window.ms) ?? []);

/** One transition with all that decided it, under this revision of the rules; docs/semantics.md, "Alert record". */
export function alertRecord(event: AlertEvent, revision: string, expand: Expand): AlertRecord {
  const { rule, labels, sums, baseline, state } = event;
  const { measure, operator } = rule.condition;
  const value = judgedValue(event);
  const annotations = Object.keys(rule.annotations).map(
    (name) => [name, expand(rule.annotations[name] ?? '', rule, labels, value)] as const,
  );
  return {
    id: digest(`${rule.name}\n${event.group}\n${event.at}\n${state}`),
    fingerprint: fingerprintOf(labels),
    alert: rule.alert,
    state,
    severity: event.severity,
    labels,
    annotations: Object.fromEntries(annotations),
    measure,
    operator,
    value,
    threshold:
      baseline === null ? null : (event.burn?.deciding?.factor ?? thresholdOf(rule.condition, baseline)),
    requests: sums?.requests ?? null,
    windowStart: event.windowStart,
    windowEnd: event.windowEnd,
    startsAt: event.since,
    endsAt: state === 'resolved' ? event.at : null,
    baseline: baseline === null ? null : baselineField(rule, baseline),
    context: baseline === null ? [] : rule.context.map((one) => contextOf(one, event, baseline)),
    reason: event.reason,
    rule: { file: rule.file, line: rule.line, revision },
    conditions: baseline === null ? [] : conditionsOf(event, baseline),
  };
}

/** What the first condition was compared with; null where it is not, or there is none. */
export function baselineField({ condition }: Rule, baseline: BaselineView): AlertRecord['baseline'] {
  if (condition.threshold.kind === 'fixed' || baseline.sums === null) return null;
  const value = baselineValue(condition.measure, baseline);
  return value === null ? null : { value, windows: baseline.sums.windows, frozenAt: baseline.frozenAt };
}

function judgedValue({ rule, sums, burn, windowStart, windowEnd }: AlertEvent): number | null {
  if (rule.objective !== null) return burn?.deciding?.burn ?? null;
  return sums === null ? null : measured(rule.condition.measure, sums, windowEnd - windowStart);
}

/** Each of several, the first one too; the windows of an objective. */
export function conditionsOf(
  { rule, sums, burn, windowStart, windowEnd }: Judged,
  baseline: BaselineView,
): AlertRecord['conditions'] {
  const { condition, also, selection } = rule;
  if (rule.objective !== null)
    return (burn?.all ?? unburned(rule.objective)).map(({ window, burn, factor }) => ({
      ...{ measure: condition.measure, operator: condition.operator, window: window.window },
      ...{ value: burn, threshold: factor },
    }));
  if (also.length === 0) return [];
  return [condition, ...also].map((one) => ({
    measure: one.measure,
    operator: one.operator,
    window: selection.window,
    value: sums === null ? null : measured(one.measure, sums, windowEnd - windowStart),
    threshold: thresholdOf(one, baseline),
  }));
}

function contextOf(measure: Measure, event: AlertEvent, baseline: BaselineView): ContextMeasure {
  const { rule, sums, windowStart, windowEnd } = event;
  const { condition } = rule;
  const value = sums === null ? null : measured(measure, sums, windowEnd - windowStart);
  const past = baselineValue(measure, baseline);
  const ratio = value === null || past === null || past === 0 ? null : value / past;
  const factor = condition.threshold.kind === 'baseline' ? condition.threshold.factor : RISING;
  return { measure, value, baseline: past, ratio, rising: ratio !== null && ratio > factor };
}

/** An alert has the same label set from its first record to its last. */
const fingerprints = new WeakMap<Labels, string>();

function fingerprintOf(labels: Labels): string {
  const known = fingerprints.get(labels);
  if (known !== undefined) return known;
  const fingerprint = digest(groupText(labels));
  fingerprints.set(labels, fingerprint);
  return fingerprint;
}

/** The first 32 hex digits of SHA-256: what ids and fingerprints are. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
