import { quantileOf } from './buckets.js';
import type { Sums } from './sums.js';

/** s, 1/s, a share of 1, a number of requests. */
export type Unit = 's' | '/s' | 'ratio' | 'requests';

/** What sums span: ms in all, and how many windows that is. */
export interface Span {
  readonly ms: number;
  readonly windows: number;
}

/** What a rule can measure over a window, or over several: add one here, and its tests. */
interface Kind {
  readonly unit: Unit;
  /** Share of the requests that are as fast or faster; only these measures need buckets. */
  readonly quantile?: number;
  /** Over windows of so many ms together; null where it cannot be told. */
  of(sums: Sums, span: Span): number | null;
}

const kinds = {
  mean_latency: {
    unit: 's',
    of: ({ requests, latencySum }) => (requests === 0 ? null : latencySum / requests),
  },
  request_rate: { unit: '/s', of: ({ requests }, { ms }) => (requests * 1000) / ms },
  error_ratio: { unit: 'ratio', of: ({ requests, errors }) => (requests === 0 ? null : errors / requests) },
  request_count: { unit: 'requests', of: ({ requests }, { windows }) => requests / windows },
} as const satisfies Readonly<Record<string, Kind>>;

export type Measure = keyof typeof kinds | `p${number}_latency`;

/** Those with a name of their own; besides, there is any quantile of the latency: `p50_latency`, `p99_latency`, `p999_latency`. */
export const measures = Object.keys(kinds) as readonly (keyof typeof kinds)[];
/** To choose from, for people. */
export const measureNames: readonly string[] = [
  ...measures,
  'p50_latency',
  'p90_latency',
  'p95_latency',
  'p99_latency',
];

const quantiles = new Map<string, Kind>();

function quantileKind(word: string): Kind | null {
  const known = quantiles.get(word);
  if (known) return known;
  const digits = /^p(\d{2,4})_latency$/.exec(word)?.[1];
  const quantile = Number(`0.${digits}`);
  if (digits === undefined || quantile === 0) return null;
  const kind: Kind = {
    unit: 's',
    quantile,
    of: ({ buckets }) => (buckets === null ? null : (quantileOf(buckets, quantile)?.value ?? null)),
  };
  quantiles.set(word, kind);
  return kind;
}

const kindOf = (measure: Measure): Kind => {
  const kind = isNamed(measure) ? kinds[measure] : quantileKind(measure);
  if (!kind) throw new RangeError(`there is no measure ${measure}`);
  return kind;
};

const isNamed = (word: string): word is keyof typeof kinds => Object.hasOwn(kinds, word);

export const isMeasure = (word: string): word is Measure => isNamed(word) || quantileKind(word) !== null;

export const unitOf = (measure: Measure): Unit => kindOf(measure).unit;

export const needsBuckets = (measure: Measure): boolean => kindOf(measure).quantile !== undefined;

/** A measure over the sums of a window, or of several, that are so many ms long in all; null where it cannot be told. */
export const measured = (measure: Measure, sums: Sums, ms: number, windows = 1): number | null =>
  kindOf(measure).of(sums, { ms, windows });

/** What a measure that cannot be told is above, at least: a quantile beyond the last finite bound. */
export function knownAbove(measure: Measure, { buckets }: Sums): number | null {
  const { quantile } = kindOf(measure);
  const found = quantile === undefined || buckets === null ? null : quantileOf(buckets, quantile);
  return found === null || found.value !== null ? null : found.above;
}
