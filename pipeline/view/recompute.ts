import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { isActive } from '../follow/alert-store.js';
import { baselineValue, thresholdOf } from '../model/alert-record.js';
import { type BaselineView, baselineFor, candidates, type PastWindow } from '../model/baseline.js';
import { fromRecord } from '../model/buckets.js';
import { measured } from '../model/measures.js';
import type { Rule } from '../model/rule.js';
import type { Sums } from '../model/sums.js';

/** A window that the decision looked back at. */
export interface LookedAt {
  /** ms since the epoch. */
  readonly start: number;
  readonly end: number;
  /** The rule's measure; null where it cannot be told. */
  readonly value: number | null;
  readonly requests: number;
  /** Whether it counted: it has requests, and the rule was inactive after it or that does not matter. */
  readonly counted: boolean;
}

/** What the decision comes to when it is made again from the windows in the log. */
export interface Recomputed {
  readonly value: number | null;
  readonly threshold: number | null;
  readonly baseline: number | null;
  /** How many windows the baseline counted; null without one. */
  readonly windows: number | null;
  /** All that the baseline chose from, the oldest first. */
  readonly lookedAt: readonly LookedAt[];
  /** The numbers of the record that are others; empty where all come out the same. */
  readonly differs: readonly string[];
}

/** Of the alert's group and selection, from the log, the oldest first. */
export interface Evidence {
  readonly windows: readonly WindowRecord[];
  /** All of the alert's fingerprint from before the first of these windows on, the oldest first. */
  readonly transitions: readonly AlertRecord[];
}

export const sumsOf = ({ requests, latencySum, errors, buckets, max }: WindowRecord): Sums => ({
  ...{ requests, latencySum, errors, max },
  buckets: buckets && fromRecord(buckets),
});

/** Start of the first window that the decision may have looked at, ms since the epoch. */
export function evidenceFrom(alert: AlertRecord, { selection, baseline }: Rule): number {
  const { session } = selection.panes ?? {};
  const step = session ? session.gap + session.max : selection.window;
  return (alert.baseline?.frozenAt ?? alert.windowEnd) - (baseline.windows + 2) * step - baseline.offset;
}

/** Makes the decision again, as *evaluate* does; docs/semantics.md, "Baseline". Null where its window is not there. */
export function recompute(alert: AlertRecord, rule: Rule, evidence: Evidence): Recomputed | null {
  const { condition } = rule;
  const window = evidence.windows.find(isOf(alert));
  if (!window) return null;
  const value = measured(condition.measure, sumsOf(window), window.end - window.start);
  const compares = condition.threshold.kind === 'baseline';
  const [view, lookedAt] = compares ? lookBack(alert, rule, evidence) : [none, []];
  const found = {
    value,
    threshold: thresholdOf(condition, view),
    baseline: compares ? baselineValue(condition.measure, view) : null,
    windows: view.sums?.windows ?? null,
    lookedAt,
  };
  const said: Readonly<Record<string, readonly [unknown, unknown]>> = {
    value: [alert.value, found.value],
    threshold: [alert.threshold, found.threshold],
    requests: [alert.requests, window.requests],
    baseline: [alert.baseline?.value ?? null, found.baseline],
    'baseline windows': [alert.baseline?.windows ?? null, found.windows],
  };
  const differs = Object.entries(said).flatMap(([name, [one, other]]) =>
    one === other ? [] : [`${name}: ${one} in the record, ${other} again`],
  );
  return { ...found, differs };
}

const none: BaselineView = { sums: null, frozenAt: null, expired: false };
const isOf =
  ({ windowStart, windowEnd }: AlertRecord) =>
  ({ start, end }: WindowRecord): boolean =>
    start === windowStart && end === windowEnd;

function lookBack(alert: AlertRecord, rule: Rule, evidence: Evidence): [BaselineView, readonly LookedAt[]] {
  const { measure } = rule.condition;
  const frozenAt = alert.baseline?.frozenAt ?? null;
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
  const expired = rule.baseline.freeze && alert.baseline?.frozenAt === null && leavesActive(before.at(-1));
  const view = baselineFor({
    rule,
    start,
    end: madeAt,
    past,
    active: expired,
    held: expired ? { sums: noSums, frozenAt: Number.NEGATIVE_INFINITY } : null,
    wasActive,
  });
  const all = expired || !rule.baseline.freeze;
  const lookedAt = candidates({ rule, start, end: madeAt, past }).map(({ start, end, ms, ...sums }) => ({
    ...{ start, end, requests: sums.requests, value: measured(measure, sums, ms) },
    counted: sums.requests > 0 && (all || !wasActive(start)),
  }));
  return [view, lookedAt];
}

const noSums = {
  windows: 0,
  ms: 0,
  requests: 0,
  latencySum: 0,
  errors: 0,
  buckets: null,
  max: null,
  each: null,
};

const leavesActive = (record: AlertRecord | undefined): boolean => record !== undefined && isActive(record);

/** When a window is judged, ms since the epoch: at its end; a session when it is over. */
const judgedAt = ({ selection: { panes } }: Rule, { start, end }: WindowRecord): number =>
  panes?.session ? Math.min(end + panes.session.gap, start + panes.session.max) : end;

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
