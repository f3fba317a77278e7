import { type Bounds, NONE, type Sums, together } from './records.js';
import type { MeasureName } from './rules.js';

/** docs/semantics.md, "Buckets and quantiles" and "Baseline", once more: what sums say. */

export interface Past extends Sums {
  readonly ms: number;
}

export const measureOf = (
  measure: MeasureName,
  { requests, latencySum, errors, buckets, max }: Sums,
  { ms, windows = 1 }: { readonly ms: number; readonly windows?: number },
): number | null => {
  if (measure === 'request_rate') return (requests * 1000) / ms;
  if (measure === 'request_count') return requests / windows;
  if (measure === 'max') return max === null ? null : max / windows;
  if (isQuantile(measure)) return quantile(measure, buckets)?.value ?? null;
  const bound = { 'ratio(latency < 100ms)': 0.1, 'ratio(latency < 200ms)': 0.2 }[measure as string];
  if (bound !== undefined) {
    const [below, all] = [buckets?.get(bound), buckets?.get(Number.POSITIVE_INFINITY)];
    return below === undefined || !all ? null : below / all;
  }
  if (requests === 0) return null;
  return (measure === 'error_ratio' ? errors : latencySum) / requests;
};

const isQuantile = (measure: MeasureName): boolean => /^p\d/.test(measure);

/** The value, null beyond the last bound but `above` it; null as a whole where there is none. */
function quantile(
  measure: MeasureName,
  buckets: Bounds | null,
): { readonly value: number | null; readonly above: number } | null {
  const all = buckets?.get(Number.POSITIVE_INFINITY) ?? 0;
  if (!buckets || all <= 0) return null;
  const rank = Number(`0.${measure.slice(1, 3)}`) * all;
  let [above, under] = [0, 0];
  for (const [le, count] of buckets) {
    if (count >= rank) {
      if (le === Number.POSITIVE_INFINITY) return { value: null, above };
      return { value: Math.min(le, above + ((le - above) * (rank - under)) / (count - under)), above };
    }
    [above, under] = [le, count];
  }
  return null;
}

/** What a value that is null is known to be above; null where that is not known either. */
export const leastOf = (measure: MeasureName, { buckets }: Sums): number | null =>
  isQuantile(measure) ? (quantile(measure, buckets)?.above ?? null) : null;

/** The one in the middle, or the mean of the two; null of none. */
export function middleOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return low === undefined || high === undefined ? null : low + 0.5 * (high - low);
}

/** Of each window alone. */
export const valuesOf = (measure: MeasureName, windows: readonly Past[]): readonly number[] =>
  windows.flatMap((window) => measureOf(measure, window, window) ?? []);

/** Over several windows, the oldest first. */
export function valueOver(
  measure: MeasureName,
  windows: readonly Past[] | null,
  median: boolean,
): number | null {
  if (windows === null) return null;
  if (median) return middleOf(valuesOf(measure, windows));
  const total: Sums = { ...NONE };
  let length = 0;
  for (const { requests, latencySum, errors, buckets, max, ms } of windows) {
    length += ms;
    total.requests += requests;
    total.latencySum += latencySum;
    total.errors += errors;
    total.buckets = together(total.buckets, buckets);
    if (max !== null) total.max = (total.max ?? 0) + max;
  }
  return measureOf(measure, total, { ms: length, windows: windows.length });
}
