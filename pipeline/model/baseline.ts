import { type Buckets, shared } from './buckets.js';
import type { Rule } from './rule.js';
import type { Sums } from './sums.js';

/** A window with requests, as a baseline remembers it. */
export interface PastWindow extends Sums {
  readonly start: number;
}

/** Sums over the windows that counted. */
export interface BaselineSums extends Sums {
  windows: number;
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
  readonly past: readonly PastWindow[];
  /** Whether the rule is pending or firing, as the window before left it. */
  readonly active: boolean;
  readonly held: Held | null;
  /** Whether the rule was pending or firing after the window that starts there. */
  readonly wasActive: (start: number) => boolean;
}

/** docs/semantics.md, "Baseline": the windows before, without those that the rule itself condemned. */
export function baselineFor({ rule, start, past, active, held, wasActive }: BaselineQuery): BaselineView {
  const { freeze, maxAge, minWindows, windows } = rule.baseline;
  const length = rule.selection.window;
  const isHeld = freeze && active && held !== null;
  if (isHeld && start + length - held.frozenAt <= maxAge) {
    return { sums: held.sums, frozenAt: held.frozenAt, expired: false };
  }
  const all = !freeze || isHeld;
  const sums: BaselineSums = { windows: 0, requests: 0, latencySum: 0, errors: 0, buckets: null, max: null };
  const buckets: Buckets[] = [];
  for (const window of past) {
    if (window.start < start - windows * length || window.start >= start) continue;
    if (!all && wasActive(window.start)) continue;
    sums.windows++;
    sums.requests += window.requests;
    sums.latencySum += window.latencySum;
    sums.errors += window.errors;
    if (window.buckets !== null) buckets.push(window.buckets);
    if (window.max !== null) sums.max = (sums.max ?? 0) + window.max;
  }
  sums.buckets = shared(buckets);
  return { sums: sums.windows < minWindows ? null : sums, frozenAt: null, expired: isHeld };
}
