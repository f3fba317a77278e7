import { hopping, type Instant, type Panes } from './lying.js';
import { measureOf } from './measuring.js';
import type { Sums } from './records.js';
import type { Objective, PlainRule, Rate } from './rules.js';

/** docs/semantics.md, "Objectives", once more: how fast a budget burns. */

interface Burning {
  readonly factor: number;
  /** Burn rates of both windows; null where there is none. */
  readonly long: number | null;
  readonly short: number | null;
  /** Null where it is not judged. */
  readonly holds: boolean | null;
}

export interface Burn {
  readonly rates: readonly Burning[];
  /** The first that holds, else the first of all. */
  readonly deciding: Burning;
  readonly holds: boolean | null;
}

/** Null for what is no objective, and where its own window has no data, or is not covered. */
export function burnAt(
  { objective, selection, minRequests }: PlainRule,
  { at, sums }: Instant,
  panes: Panes,
): Burn | null {
  if (objective === null || !sums?.covered) return null;
  const every = (selection.panes ?? selection).window;
  const over = (window: number): Sums | null => hopping(panes, { at, every }, window).sums;
  const rates = objective.rates.map((rate) => burning(objective, rate, { over, minRequests }));
  const deciding = rates.find(({ holds }) => holds) ?? rates[0];
  if (!deciding) return null;
  const holds =
    rates.some(({ holds }) => holds) || (rates.every(({ holds }) => holds === null) ? null : false);
  return { rates, deciding, holds };
}

function burning(
  objective: Objective,
  { long, short, factor }: Rate,
  { over, minRequests }: { readonly over: (window: number) => Sums | null; readonly minRequests: number },
): Burning {
  const all = over(long);
  const found = { factor, long: burnRate(objective, all), short: burnRate(objective, over(short)) };
  if (!all || all.requests < minRequests || found.long === null) return { ...found, holds: null };
  const holds = found.long > factor && found.short !== null && found.short > factor;
  return { ...found, holds };
}

function burnRate({ target, sli }: Objective, sums: Sums | null): number | null {
  const share = sums && measureOf(sli ?? 'error_ratio', sums, { ms: 0 });
  if (share === null) return null;
  return (sli === null ? share : 1 - share) / (1 - target);
}
