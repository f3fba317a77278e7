/** Tumbling windows `[k * length, (k + 1) * length)` from the epoch, that close `grace` after their end. All in ms. */

/** Start of the window that holds the instant. */
export const windowStart = (at: number, length: number): number => Math.floor(at / length) * length;

/** End of the newest window that a watermark closes; -Infinity without a watermark. */
export const closedEnd = (watermark: number, length: number, grace: number): number =>
  watermark === Number.NEGATIVE_INFINITY ? watermark : windowStart(watermark - grace, length);

/** Windows longer than `beyond` are added up from sums over `unit`. */
export const coarse = [
  { beyond: 86_400_000, unit: 3_600_000 },
  { beyond: 3_600_000, unit: 300_000 },
] as const;

/** Lengths of the sums that a hopping window is added up from: the coarsest, with which it begins, first; panes last. */
export const unitsOf = (window: number, every: number): readonly number[] => [
  ...coarse.filter(({ beyond, unit }) => window > beyond && every % unit !== 0).map(({ unit }) => unit),
  every,
];

/** Start of the hopping window that ends there. */
export function hoppingStart(end: number, window: number, every: number): number {
  // That of `unitsOf`, which is a list; this is asked at every step through time.
  for (const { beyond, unit } of coarse)
    if (window > beyond && every % unit !== 0) return windowStart(end - window, unit);
  return windowStart(end - window, every);
}
