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
  /** The windows themselves, where the one in the middle is looked for; else null. */
  readonly each: readonly PastWindow[] | null;
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
  /** End of the window that is judged; of a session, when it was over; ms. */
  readonly end: number;
  /** Whether the rule is pending or firing, as the window before left it. */
  readonly active: boolean;
  readonly held: Held | null;
}

/**
 * docs/semantics.md, "Baseline": what is held, or the windows before; those that the rule itself condemned are left out
 * of them, but where `sumsOf` is asked for all.
 */
export function baselineFor(
  { rule, end, active, held }: BaselineQuery,
  sumsOf: (all: boolean) => BaselineSums | null,
): BaselineView {
  const { freeze, maxAge } = rule.baseline;
  const isHeld = freeze && active && held !== null;
  if (isHeld && end - held.frozenAt <= maxAge) {
    return { sums: held.sums, frozenAt: held.frozenAt, expired: false };
  }
  return { sums: sumsOf(!freeze || isHeld), frozenAt: null, expired: isHeld };
}

/** That of a rule which is inactive, and was so after every window that is remembered. */
export const calmBaseline = (looking: Looking): BaselineView => ({
  sums: baselineSums(looking, null),
  frozenAt: null,
  expired: false,
});

/** Where a baseline is looked for. */
export interface Looking {
  readonly rule: Rule;
  /** Of the window that is judged, ms. */
  readonly start: number;
  /** Likewise; of a session, when it was over. */
  readonly end: number;
  readonly past: readonly PastWindow[];
}

/** Over the candidates that count, but those that are left out by their start; null where they are too few. */
export function baselineSums(
  looking: Looking,
  isLeftOut: ((start: number) => boolean) | null,
): BaselineSums | null {
  const { rule, past } = looking;
  const [first, behind] = range(looking);
  const each: PastWindow[] | null = rule.baseline.method === 'median' ? [] : null;
  const sums = noSums(each);
  let buckets: Buckets[] | null = null;
  for (let i = first; i < behind; i++) {
    const window = past[i] as PastWindow;
    if (isLeftOut?.(window.start)) continue;
    each?.push(window);
    sums.windows++;
    sums.ms += window.ms;
    sums.requests += window.requests;
    sums.latencySum += window.latencySum;
    sums.errors += window.errors;
    if (window.buckets !== null) {
      buckets ??= [];
      buckets.push(window.buckets);
    }
    if (window.max !== null) sums.max = (sums.max ?? 0) + window.max;
  }
  if (sums.windows < rule.baseline.minWindows) return null;
  if (buckets !== null) sums.buckets = shared(buckets);
  return sums;
}

/** Of no window. One literal: it is made for each group of each window. */
export const noSums = (each: readonly PastWindow[] | null): BaselineSums => ({
  windows: 0,
  ms: 0,
  requests: 0,
  latencySum: 0,
  errors: 0,
  buckets: null,
  max: null,
  each,
});

/** Those that can be compared with: windows that lie side by side, or sessions. */
export const candidates = <T extends PastWindow>(
  looking: Omit<Looking, 'past'> & { readonly past: readonly T[] },
): readonly T[] => looking.past.slice(...range(looking));

/** Places of the first candidate, and behind the last one. */
function range({ rule, start, end, past }: Looking): readonly [number, number] {
  const { selection, baseline } = rule;
  const isSession = selection.panes?.session != null;
  const before = isSession
    ? start
    : windowStart(baseline.offset === 0 ? start : end - baseline.offset, selection.window);
  const behind = firstFrom(past, before);
  const first = firstFrom(past, before - baseline.windows * spanOf(selection));
  return [isSession ? Math.max(first, behind - baseline.windows) : first, behind];
}

/** How many windows before the next one a rule may look at. */
export const reachOf = ({ selection, baseline }: Rule): number =>
  baseline.windows + Math.ceil(baseline.offset / selection.window);

/** Place of the first window that starts there or later; they are in order. */
function firstFrom(past: readonly PastWindow[], start: number): number {
  let [low, high] = [0, past.length];
  // Mostly it is asked for what comes after all of them.
  if (high === 0 || (past[high - 1] as PastWindow).start < start) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((past[middle] as PastWindow).start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How far the starts of two candidates in a row lie apart at most, ms. */
export const spanOf = ({ window, panes }: Selection): number =>
  window + (panes?.session ? panes.session.gap : 0);
