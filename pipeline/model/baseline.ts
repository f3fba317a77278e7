import { type Buckets, shared } from './buckets.js';
import type { Rule } from './rule.js';
import type { Selection } from './selection.js';
import type { Sums } from './sums.js';
import { windowStart } from './windows.js';

/** A window with requests, as a baseline remembers it. */
export interface PastWindow extends Sums {
  readonly start: number;
  /** How long it is. */
  readonly ms: number;
}

/** Sums over the windows that counted. */
export interface BaselineSums extends Sums {
  windows: number;
  /** How long they are together. */
  ms: number;
}

/** A baseline that is held since a rule was broken. */
export interface Held {
  readonly sums: BaselineSums;
  /** End of the window that first broke the rule, ms. */
  readonly frozenAt: number;
}

/** What a window is compared with. `sums` is null where too few windows counted. */
export interface BaselineView {
  readonly sums: BaselineSums | null;
  readonly frozenAt: number | null;
  readonly expired: boolean;
}

export interface BaselineQuery {
  readonly rule: Rule;
  /** Start of the window that is judged, ms. */
  readonly start: number;
  /** Its end; of a session, when it was over; ms. */
  readonly end: number;
  readonly past: readonly PastWindow[];
  /** Whether the rule is pending or firing, as the window before left it. */
  readonly active: boolean;
  readonly held: Held | null;
  /** Whether the rule was pending or firing after the window that starts there. */
  readonly wasActive: (start: number) => boolean;
}

/** docs/semantics.md, "Baseline": the windows before, without those that the rule itself condemned. */
export function baselineFor(query: BaselineQuery): BaselineView {
  const { rule, end, active, held, wasActive } = query;
  const { freeze, maxAge, minWindows } = rule.baseline;
  const isHeld = freeze && active && held !== null;
  if (isHeld && end - held.frozenAt <= maxAge) {
    return { sums: held.sums, frozenAt: held.frozenAt, expired: false };
  }
  const all = !freeze || isHeld;
  const sums: BaselineSums = {
    ...{ windows: 0, ms: 0, requests: 0, latencySum: 0, errors: 0 },
    ...{ buckets: null, max: null },
  };
  const buckets: Buckets[] = [];
  for (const window of candidates(query)) {
    if (!all && wasActive(window.start)) continue;
    sums.windows++;
    sums.ms += window.ms;
    sums.requests += window.requests;
    sums.latencySum += window.latencySum;
    sums.errors += window.errors;
    if (window.buckets !== null) buckets.push(window.buckets);
    if (window.max !== null) sums.max = (sums.max ?? 0) + window.max;
  }
  sums.buckets = shared(buckets);
  return { sums: sums.windows < minWindows ? null : sums, frozenAt: null, expired: isHeld };
}

/** Those that can be compared with: windows that lie side by side, or sessions. */
export function candidates<T extends PastWindow>({
  rule,
  start,
  past,
}: Pick<BaselineQuery, 'rule' | 'start'> & { readonly past: readonly T[] }): readonly T[] {
  const { selection, baseline } = rule;
  const before = windowStart(start, selection.window);
  const oldest = (selection.panes?.session ? start : before) - baseline.windows * spanOf(selection);
  if (!selection.panes?.session) return past.filter((one) => one.start >= oldest && one.start < before);
  return past.filter((one) => one.start >= oldest && one.start < start).slice(-baseline.windows);
}

/** How far the starts of two candidates in a row lie apart at most, ms. */
export const spanOf = ({ window, panes }: Selection): number =>
  window + (panes?.session ? panes.session.gap : 0);
