/**
 * Why a window with data is not judged: nothing is measured over time there yet, too few requests or none,
 * buckets that do not tell (a bound that is not shared), or a baseline that is not ready.
 */
export const unjudged = ['not_covered', 'min_requests', 'no_requests', 'buckets', 'baseline'] as const;
export type Unjudged = (typeof unjudged)[number];
