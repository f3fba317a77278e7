import type { Measure } from './rule.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** What one window, or several, of a group add up to. */
export interface Sums {
  requests: number;
  /** s */
  latencySum: number;
  errors: number;
}

/** A measure over sums that span so many ms; null where it needs requests and there are none. */
export function measured(
  measure: Measure,
  { requests, latencySum, errors }: Sums,
  ms: number,
): number | null {
  switch (measure) {
    case 'mean_latency':
      return requests === 0 ? null : latencySum / requests;
    case 'request_rate':
      return (requests * 1000) / ms;
    case 'error_ratio':
      return requests === 0 ? null : errors / requests;
  }
}

export function saveSums(to: StateWriter, { requests, latencySum, errors }: Sums): void {
  to.f64(requests);
  to.f64(latencySum);
  to.f64(errors);
}

export const loadSums = (from: StateReader): Sums => ({
  requests: from.f64(),
  latencySum: from.f64(),
  errors: from.f64(),
});
