import type { Labels } from './selections.js';

/** What a log is made of, and what the model makes of it. */

export interface Mark {
  readonly kind: 'mark';
  readonly partition: number;
  readonly source: string;
  readonly timestamp: number;
}
export interface Reading {
  readonly kind: 'sample';
  readonly partition: number;
  readonly name: string;
  readonly labels: Labels;
  readonly t: number;
  readonly start: number | null;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** Then its value is the sum. */
  readonly gauge: boolean;
}
/** What cannot be read, or has no key. */
export interface Junk {
  readonly kind: 'junk';
  readonly partition: number;
  readonly bytes: Uint8Array;
}
/** A checkpoint of the stage, which is no record of the topic's own. */
export interface Passed {
  readonly kind: 'passed';
  readonly partition: number;
  readonly bytes: Uint8Array;
}
export type Entry = Mark | Reading | Junk | Passed;

export interface Sums {
  requests: number;
  latencySum: number;
  errors: number;
  samples: number;
  covered: boolean;
  /** Requests by bound, at the bounds that all that grew has; null where nothing grew. */
  buckets: Bounds | null;
  max: number | null;
}
/** Cumulative counts by bound, in order. */
export type Bounds = ReadonlyMap<number, number>;

export const NONE: Sums = {
  ...{ requests: 0, latencySum: 0, errors: 0, samples: 0, covered: false },
  ...{ buckets: null, max: null },
};

/** Both together, at the bounds that both have; of nothing, the other. */
export function together(a: Bounds | null, b: Bounds | null): Bounds | null {
  if (a === null || b === null) return a ?? b;
  return new Map([...a].flatMap(([le, count]) => (b.has(le) ? [[le, count + (b.get(le) ?? 0)]] : [])));
}

export const plus = (a: Sums, b: Sums): Sums => ({
  requests: a.requests + b.requests,
  latencySum: a.latencySum + b.latencySum,
  errors: a.errors + b.errors,
  samples: a.samples + b.samples,
  covered: a.covered || b.covered,
  buckets: together(a.buckets, b.buckets),
  max: a.max === null || b.max === null ? (a.max ?? b.max) : Math.max(a.max, b.max),
});

export interface Letter {
  readonly reason: string;
  readonly offset: number;
  readonly records: number;
  readonly windows: readonly { readonly selection: string; readonly start: number }[];
}

/** The caps of a partition, and whether servers come in pairs. */
export interface Settings {
  readonly maxSeries: number;
  readonly maxGroups: number;
  readonly jitter: boolean;
}

/** How often each case came up. */
export type Seen = Map<string, number>;
export type Note = (what: string) => void;
