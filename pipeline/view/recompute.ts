import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { isActive } from '../follow/alert-store.js';
import { baselineField, baselineValue, conditionsOf, thresholdOf } from '../model/alert-record.js';
import {
  type BaselineView,
  baselineFor,
  baselineSums,
  candidates,
  noSums,
  type PastWindow,
} from '../model/baseline.js';
import { type Measure, measured } from '../model/measures.js';
import type { Condition, Rule } from '../model/rule.js';
import { judgedAt, sumsOf } from '../model/window-sums.js';
import { recomputeBurn } from './recompute-burn.js';
import { differences, type LookedAt, type Recomputed, type Said } from './recomputed.js';

/** Of the alert's group and selection, from the log, the oldest first. */
export interface Evidence {
  readonly windows: readonly WindowRecord[];
  /** All of the alert's fingerprint from before the first of these windows on, the oldest first. */
  readonly transitions: readonly AlertRecord[];
}

/** Start of the first window that the decision may have looked at, ms since the epoch. */
export function evidenceFrom(alert: AlertRecord, rule: Rule): number {
  const { selection, baseline } = rule;
  const { session } = selection.panes ?? {};
  const step = session ? session.gap + session.max : selection.window;
  const isHeld = baseline.freeze && comparedOf(rule) !== null;
  const madeAt =
    alert.baseline?.frozenAt ?? (isHeld ? Math.min(alert.startsAt, alert.windowEnd) : alert.windowEnd);
  return madeAt - (baseline.windows + 2) * step - baseline.offset;
}

/** The first condition that compares with a baseline, and its place among them; null where none does. */
export function comparedOf({
  condition,
  also,
}: Rule): { readonly place: number; readonly one: Condition } | null {
  const all = [condition, ...also];
  const place = all.findIndex(({ threshold }) => threshold.kind === 'baseline');
  const one = all[place];
  return one === undefined ? null : { place, one };
}

/** Makes the decision again, as *evaluate* does; docs/semantics.md, "Baseline". Null where its window is not there. */
export function recompute(alert: AlertRecord, rule: Rule, evidence: Evidence): Recomputed | null {
  const window = evidence.windows.find(isOf(alert));
  if (rule.objective !== null) return recomputeBurn(alert, rule, rule.objective, window ?? null);
  if (!window) return null;
  const { condition } = rule;
  const sums = sumsOf(window);
  const compared = comparedOf(rule);
  const [view, lookedAt] =
    compared === null ? [none, []] : lookBack(alert, rule, evidence, compared.one.measure);
  const judged = { rule, sums, burn: null, windowStart: window.start, windowEnd: window.end };
  const field = baselineField(rule, view);
  const conditions = conditionsOf(judged, view);
  const found = {
    value: measured(condition.measure, sums, window.end - window.start),
    threshold: thresholdOf(condition, view),
    conditions,
    baseline: compared === null ? null : baselineValue(compared.one.measure, view),
    windows: view.sums?.windows ?? null,
    lookedAt,
  };
  const differs = differences({
    value: [alert.value, found.value],
    threshold: [alert.threshold, found.threshold],
    requests: [alert.requests, window.requests],
    baseline: [alert.baseline?.value ?? null, field?.value ?? null],
    'baseline windows': [alert.baseline?.windows ?? null, field?.windows ?? null],
    ...ofConditions(alert.conditions, conditions),
  });
  return { ...found, differs, partly: null };
}

function ofConditions(said: AlertRecord['conditions'], again: AlertRecord['conditions']): Said {
  const each = again.flatMap((one, i) => [
    [`value of condition ${i + 1}`, [said[i]?.value ?? null, one.value]] as const,
    [`threshold of condition ${i + 1}`, [said[i]?.threshold ?? null, one.threshold]] as const,
  ]);
  return { conditions: [said.length, again.length], ...Object.fromEntries(each) };
}

const none: BaselineView = { sums: null, frozenAt: null, expired: false };
const isOf =
  ({ windowStart, windowEnd }: AlertRecord) =>
  ({ start, end }: WindowRecord): boolean =>
    start === windowStart && end === windowEnd;

/** Since when a baseline is held that the record does not tell of, ms; null where none is. */
function heldSince(alert: AlertRecord, rule: Rule, { windows, transitions }: Evidence): number | null {
  const { startsAt, baseline } = alert;
  if (baseline !== null) return baseline.frozenAt;
  const window = windows.find(isOf(alert));
  const age = (window ? judgedAt(rule, window) : alert.windowEnd) - startsAt;
  const isHeld = rule.baseline.freeze && age <= rule.baseline.maxAge && beganWithData(alert, transitions);
  return isHeld ? startsAt : null;
}

/** What began for want of data holds no baseline. */
const beganWithData = ({ startsAt }: AlertRecord, transitions: readonly AlertRecord[]): boolean =>
  transitions.find((one) => one.startsAt === startsAt)?.requests !== null;

function lookBack(
  alert: AlertRecord,
  rule: Rule,
  evidence: Evidence,
  measure: Measure,
): [BaselineView, readonly LookedAt[]] {
  const frozenAt = heldSince(alert, rule, evidence);
  // One that is held was made at the window that first broke the rule.
  const made = evidence.windows.find((one) =>
    frozenAt === null ? isOf(alert)(one) : judgedAt(rule, one) === frozenAt,
  );
  const madeAt = made ? judgedAt(rule, made) : (frozenAt ?? alert.windowEnd);
  const start = made?.start ?? madeAt - rule.selection.window;
  const before = evidence.transitions.filter(({ windowEnd }) => windowEnd < alert.windowEnd);
  const past = comparable(rule, evidence.windows, start);
  const wasActive = (start: number): boolean => {
    const end = past.find((one) => one.start === start)?.end ?? start;
    return leavesActive(evidence.transitions.findLast(({ windowEnd }) => windowEnd <= end));
  };
  // Active, but with nothing held any more: what was held has expired.
  const wasHeld = rule.baseline.freeze && beganWithData(alert, evidence.transitions);
  const expired = wasHeld && frozenAt === null && leavesActive(before.at(-1));
  const looking = { rule, start, end: madeAt, past };
  const held = expired ? { sums: noSums(null), frozenAt: Number.NEGATIVE_INFINITY } : null;
  const view = baselineFor({ rule, end: madeAt, active: expired, held }, (all) =>
    baselineSums(looking, all ? null : wasActive),
  );
  const all = expired || !rule.baseline.freeze;
  const lookedAt = candidates(looking).map(({ start, end, ms, ...sums }) => ({
    ...{ start, end, requests: sums.requests, value: measured(measure, sums, ms) },
    counted: sums.requests > 0 && (all || !wasActive(start)),
  }));
  return [view, lookedAt];
}

const leavesActive = (record: AlertRecord | undefined): boolean => record !== undefined && isActive(record);

/** Windows with requests that lie side by side, or sessions, before the one that starts there. */
function comparable(
  { selection }: Rule,
  windows: readonly WindowRecord[],
  before: number,
): readonly (PastWindow & { readonly end: number })[] {
  const { window, panes } = selection;
  return windows
    .filter(
      ({ start, end, requests }) =>
        start < before && requests > 0 && (panes?.session != null || end % window === 0),
    )
    .map((one) => ({ ...sumsOf(one), start: one.start, end: one.end, ms: one.end - one.start }));
}
