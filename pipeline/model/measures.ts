import { quantileOf, shareWithin } from './buckets.js';
import type { Sums } from './sums.js';
import { nearestInSeconds, type Unit } from './units.js';

/** What sums span: ms in all, and how many windows that is. */
export interface Span {
  readonly ms: number;
  readonly windows: number;
}

/** What a rule can measure over a window, or over several: add one here, and its tests. */
interface Kind {
  readonly unit: Unit;
  /** How an alert calls it beside another measure. */
  readonly brief: string;
  /** Its name at `/metrics`, behind `tidemark_window_`, and what it is. */
  readonly exposed: readonly [name: string, help: string];
  /** Whether `/metrics` shows it of the windows of every rule on requests, and not only where a rule names it. */
  readonly everywhere?: boolean;
  /** Whether it is of values at times, as gauges have them; all else is of what counters grew by. */
  readonly gauge?: boolean;
  /** Where it is not about requests and their latency: what is wrong with its metric, null for one that `match` does not name. */
  readonly metricProblem?: (metric: string | null) => string | null;
  /** Share of the requests that are as fast or faster. Buckets are kept for those with a quantile or a bound. */
  readonly quantile?: number;
  /** Bound of a bucket, s. */
  readonly bound?: number;
  /** Whether no rule names it: an objective does. */
  readonly ofObjective?: boolean;
  /** Over windows of so many ms together; null where it cannot be told. */
  of(sums: Sums, span: Span): number | null;
}

const kinds = {
  mean_latency: {
    unit: 's',
    brief: 'latency',
    exposed: ['mean_latency_seconds', 'Mean latency, s'],
    everywhere: true,
    of: ({ requests, latencySum }) => (requests === 0 ? null : latencySum / requests),
  },
  request_rate: {
    unit: '/s',
    brief: 'rate',
    exposed: ['requests_per_second', 'Requests per second'],
    everywhere: true,
    of: ({ requests }, { ms }) => (requests * 1000) / ms,
  },
  error_ratio: {
    unit: 'ratio',
    brief: 'errors',
    exposed: ['error_ratio', 'Errors by requests, from 0 to 1'],
    everywhere: true,
    of: ({ requests, errors }) => (requests === 0 ? null : errors / requests),
  },
  request_count: {
    unit: 'requests',
    brief: 'requests',
    exposed: ['requests', 'Requests'],
    everywhere: true,
    of: ({ requests }, { windows }) => requests / windows,
  },
  throughput: {
    unit: 'B/s',
    brief: 'throughput',
    exposed: ['throughput_bytes_per_second', 'Bytes per second'],
    metricProblem: (metric) =>
      metric === null
        ? 'name a metric whose sum is bytes in match, like http_response_size_bytes{service="checkout"} or http_request_size_bytes'
        : metric.endsWith('_total')
          ? `${metric} is a counter, which has no sum of bytes: its request_rate is what it counts per second`
          : null,
    of: ({ latencySum }, { ms }) => (latencySum * 1000) / ms,
  },
  /** Of an objective, whose windows it is added up over: burn.ts. */
  burn_rate: {
    unit: 'times',
    brief: 'burn',
    exposed: ['burn_rate', 'How many times as fast as allowed the error budget burns'],
    ofObjective: true,
    of: () => null,
  },
  avg: {
    unit: 'own',
    brief: 'avg',
    exposed: ['gauge_average', 'Mean of the samples of a gauge'],
    gauge: true,
    metricProblem: gaugeProblem,
    of: ({ requests, latencySum }) => (requests === 0 ? null : latencySum / requests),
  },
  max: {
    unit: 'own',
    brief: 'max',
    exposed: ['gauge_maximum', 'Greatest sample of a gauge'],
    gauge: true,
    metricProblem: gaugeProblem,
    of: ({ max }, { windows }) => (max === null ? null : max / windows),
  },
} as const satisfies Readonly<Record<string, Kind>>;

function gaugeProblem(metric: string | null): string | null {
  if (metric === null)
    return 'name a gauge in match, like process_resident_memory_bytes{job="checkout"} or nodejs_eventloop_lag_seconds';
  return metric.endsWith('_total') ? `${metric} is a counter: measure its request_rate` : null;
}

type Named = keyof typeof kinds;

/** As it is called in rules and records. */
export type Measure = Named | `p${number}_latency` | `ratio(latency < ${string})`;

/** To choose from, for people. */
export const measureNames: readonly string[] = [
  ...Object.entries<Kind>(kinds).flatMap(([name, { ofObjective }]) => (ofObjective ? [] : [name])),
  'p50_latency',
  'p90_latency',
  'p95_latency',
  'p99_latency',
  'ratio(latency < 300ms)',
];

/** By name; quantiles and ratios as they are met. */
const byName = new Map<string, Kind>(Object.entries(kinds));

/** `p50_latency` is the median, `p99_latency` 0.99, `p999_latency` 0.999: no name ends in a zero that says nothing. */
function quantileKind(name: string): Kind | null {
  const digits = /^p(\d\d|\d{2,3}[1-9])_latency$/.exec(name)?.[1];
  const quantile = Number(`0.${digits}`);
  if (digits === undefined || quantile === 0) return null;
  return {
    unit: 's',
    brief: name,
    exposed: [`${name}_seconds`, `${name.replace('_', ' ')}, s`],
    quantile,
    of: ({ buckets }) => (buckets === null ? null : (quantileOf(buckets, quantile)?.value ?? null)),
  };
}

function ratioKind(name: string): Kind | null {
  const [, number = '', unit = ''] = /^ratio\(latency < (\d+(?:\.\d+)?)([a-z]+)\)$/.exec(name) ?? [];
  const bound = nearestInSeconds(number, unit);
  if (bound === undefined || bound === 0) return null;
  return {
    unit: 'share',
    brief: `below ${number}${unit}`,
    exposed: [
      `ratio_below_${number.replace('.', '_')}${unit}`,
      `Requests that took at most ${number}${unit} by requests, from 0 to 1`,
    ],
    bound,
    of: ({ buckets }) => (buckets === null ? null : shareWithin(buckets, bound)),
  };
}

function find(name: string): Kind | null {
  const known = byName.get(name);
  if (known) return known;
  const kind = quantileKind(name) ?? ratioKind(name);
  if (kind) byName.set(name, kind);
  return kind;
}

function kindOf(measure: Measure): Kind {
  const kind = find(measure);
  if (!kind) throw new RangeError(`there is no measure ${measure}`);
  return kind;
}

/** Measures that `/metrics` shows whatever the rules name. */
export const everywhere: readonly Measure[] = (Object.keys(kinds) as readonly Named[]).filter(
  (name) => kindOf(name).everywhere,
);

export const isMeasure = (name: string): name is Measure => find(name) !== null;

/** The measure that people write so; null where there is none. */
export function measureFrom(text: string): Measure | null {
  const name = text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/^ratio ?\( ?latency ?< ?(.*?) ?\)$/, 'ratio(latency < $1)');
  return isMeasure(name) && !kindOf(name).ofObjective ? name : null;
}

export const unitOf = (measure: Measure): Unit => kindOf(measure).unit;

export const briefOf = (measure: Measure): string => kindOf(measure).brief;

export const exposedAs = (measure: Measure): readonly [name: string, help: string] => kindOf(measure).exposed;

/** Whether the rules that name it are about requests and their latency. */
export const isOfRequests = (measure: Measure): boolean => kindOf(measure).metricProblem === undefined;

/** What is wrong with measuring this metric so; null metric: the rule names none. */
export const metricProblem = (measure: Measure, metric: string | null): string | null =>
  kindOf(measure).metricProblem?.(metric) ?? null;

export const isOfGauge = (measure: Measure): boolean => kindOf(measure).gauge === true;

export const isQuantile = (measure: Measure): boolean => kindOf(measure).quantile !== undefined;

/** The bound of a ratio below it, s; null for any other measure. */
export const boundOf = (measure: Measure): number | null => kindOf(measure).bound ?? null;

export const needsBuckets = (measure: Measure): boolean => isQuantile(measure) || boundOf(measure) !== null;

/** A measure over the sums of a window, or of several, that are so many ms long in all; null where it cannot be told. */
export const measured = (measure: Measure, sums: Sums, ms: number, windows = 1): number | null =>
  kindOf(measure).of(sums, { ms, windows });

/** What a measure that cannot be told is above, at least: a quantile beyond the last finite bound. */
export function knownAbove(measure: Measure, { buckets }: Sums): number | null {
  const { quantile } = kindOf(measure);
  const found = quantile === undefined || buckets === null ? null : quantileOf(buckets, quantile);
  return found === null || found.value !== null ? null : found.above;
}
