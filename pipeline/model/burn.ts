import { measured } from './measures.js';
import type { PaneStore } from './panes.js';
import type { BurnRate, Objective } from './rule.js';
import { computed, everyOf, type Selection } from './selection.js';
import type { Sums } from './sums.js';
import type { Unjudged } from './unjudged.js';
import { hoppingStart, unitsOf } from './windows.js';

/** How fast the budget burns over a window; null where that cannot be said. */
export interface Burned {
  readonly window: Selection;
  readonly burn: number | null;
  readonly factor: number;
}

/** What an objective was found to be at the end of a window. */
export interface BurnFound {
  readonly verdict: boolean | Unjudged;
  /** The long window of the rate that decides: the first that burns too fast, else the first. */
  readonly deciding: Burned | null;
  /** Of each rate, the long window and the short one. */
  readonly all: readonly Burned[];
}

export interface BurnQuery {
  readonly objective: Objective;
  readonly minRequests: number;
  /** By the id of a window: panes that close up to there are not used, ms. */
  readonly usedAbove: ReadonlyMap<string, number>;
  readonly panes: PaneStore;
  readonly group: string;
  /** ms */
  readonly end: number;
}

/** Windows that are added up for the objective, beside the one that it is judged by. */
export const windowsOf = ({ rates }: Objective): readonly Selection[] =>
  rates.flatMap(({ long, short }) => [long, short]);

/** Where nothing can be said of any: no data, or nothing is covered. */
export const unburned = ({ rates }: Objective): readonly Burned[] =>
  rates.flatMap(({ long, short, factor }) => [long, short].map((window) => ({ window, burn: null, factor })));

/** docs/semantics.md, "Objectives". */
export function burnFor(query: BurnQuery): BurnFound {
  const rates = query.objective.rates.map((rate) => rateFor(query, rate));
  const burning = rates.find(({ verdict }) => verdict === true);
  const verdict =
    burning !== undefined
      ? true
      : rates.some(({ verdict }) => verdict === false)
        ? false
        : (rates[0]?.verdict ?? 'no_requests');
  return {
    verdict,
    deciding: (burning ?? rates[0])?.long ?? null,
    all: rates.flatMap(({ long, short }) => [long, short]),
  };
}

interface RateFound {
  readonly verdict: boolean | Unjudged;
  readonly long: Burned;
  readonly short: Burned;
}

function rateFor(query: BurnQuery, { long, short, factor }: BurnRate): RateFound {
  const [longSums, shortSums] = [sumsOver(query, long), sumsOver(query, short)];
  const burned = (window: Selection, sums: Sums | null): Burned => ({
    window,
    burn: sums === null ? null : burnOf(query.objective, sums),
    factor,
  });
  const found = { long: burned(long, longSums), short: burned(short, shortSums) };
  return { ...found, verdict: verdictOf(query, longSums, found) };
}

function verdictOf(
  { minRequests }: BurnQuery,
  sums: Sums | null,
  { long, short }: Omit<RateFound, 'verdict'>,
): boolean | Unjudged {
  if (sums === null) return 'not_covered';
  if (sums.requests < minRequests) return 'min_requests';
  if (long.burn === null) return sums.requests > 0 ? 'buckets' : 'no_requests';
  // Nothing burns where nothing is requested any more.
  return long.burn > long.factor && short.burn !== null && short.burn > short.factor;
}

/** Of a window all of whose panes are used and whole; null for any other. */
function sumsOver({ panes, usedAbove, group, end }: BurnQuery, window: Selection): Sums | null {
  const { window: pane, grace } = computed(window);
  const start = hoppingStart(end, window.window, everyOf(window));
  const above = usedAbove.get(window.id) ?? Number.NEGATIVE_INFINITY;
  if (!(start + pane + grace > above) || start < panes.wholeFrom) return null;
  return panes.sumsOf(group, { start, end, units: unitsOf(window.window, pane) });
}

/** Bad requests by all, by the share that may be bad. */
function burnOf({ target, sli }: Objective, sums: Sums): number | null {
  const good = sli === null ? null : measured(sli, sums, 0);
  const bad = sli === null ? measured('error_ratio', sums, 0) : good === null ? null : 1 - good;
  return bad === null ? null : bad / (1 - target);
}
