import type { Labels } from '../model/matcher.js';
import { normalLabels, seriesText } from '../model/text.js';
import type { KeyedSample } from './births.js';
import type { RawSeries } from './sample-source.js';

type Part = 'value' | 'count' | 'sum' | 'bucket' | 'created';

/** A sample of a family's series, put together from its parts, with its time in ms. */
export type TimedSample = KeyedSample & { readonly timestamp: number };

/** One series of a family, by its parts. */
export interface FamilySeries {
  readonly key: string;
  readonly name: string;
  readonly labels: Labels;
  readonly type: KeyedSample['type'];
  /** Of a gauge, its values. */
  count: RawSeries | null;
  sum: RawSeries | null;
  created: RawSeries | null;
  readonly buckets: { readonly le: number; readonly series: RawSeries }[];
}

/** Names of all series that families are made of. */
export const partNames = (families: Iterable<string>): string[] => [
  ...new Set([...families].flatMap((family) => namesOf(family).map(([name]) => name))),
];

function namesOf(family: string): readonly (readonly [string, Part])[] {
  const counter = family.endsWith('_total') ? family.slice(0, -'_total'.length) : family;
  return [
    [family, 'value'],
    [`${family}_count`, 'count'],
    [`${family}_sum`, 'sum'],
    [`${family}_bucket`, 'bucket'],
    [`${counter}_created`, 'created'],
  ];
}

/** Sorts raw series by the family and labels they are parts of; what counts nothing is left out. */
export function familySeries(
  families: Iterable<string>,
  series: readonly RawSeries[],
): readonly FamilySeries[] {
  const parts = new Map<string, (readonly [string, Part])[]>();
  for (const family of families) {
    for (const [name, part] of namesOf(family)) {
      const known = parts.get(name) ?? [];
      known.push([family, part]);
      parts.set(name, known);
    }
  }
  const found = new Map<string, FamilySeries>();
  for (const one of series)
    for (const [family, part] of parts.get(one.name) ?? []) take(found, family, { part, series: one });
  return [...found.values()].filter(({ count }) => count !== null);
}

/** The series of gauges: each as it is. */
export function gaugeSeries(
  gauges: readonly string[],
  series: readonly RawSeries[],
): readonly FamilySeries[] {
  return series
    .filter(({ name }) => gauges.includes(name))
    .map((values) => {
      const labels = normalLabels(values.labels);
      const key = seriesText(values.name, labels);
      return { ...nothing, key, name: values.name, labels, type: 'gauge', count: values, buckets: [] };
    });
}

const nothing = { sum: null, created: null } as const;

function take(
  found: Map<string, FamilySeries>,
  name: string,
  { part, series }: { part: Part; series: RawSeries },
): void {
  const { le, ...others } = series.labels;
  // A summary's quantiles are no counters.
  if (part === 'value' && series.labels.quantile !== undefined) return;
  const labels = normalLabels(part === 'bucket' ? others : series.labels);
  const key = seriesText(name, labels);
  const family = found.get(key) ?? {
    ...nothing,
    key,
    name,
    labels,
    type: 'cumulative' as const,
    count: null,
    buckets: [],
  };
  found.set(key, family);
  if (part === 'bucket') {
    const bound = boundOf(le ?? '');
    if (!Number.isNaN(bound)) family.buckets.push({ le: bound, series });
  } else if (part === 'sum') family.sum = series;
  else if (part === 'created') family.created = series;
  else family.count = series;
}

const boundOf = (text: string): number =>
  /^\+?Inf$/i.test(text) ? Number.POSITIVE_INFINITY : text === '' ? Number.NaN : Number(text);

/** The samples of one series in order of time, behind `after`. A count that is not a number marks its end. */
export function* samplesOf(family: FamilySeries, after: number): Generator<TimedSample> {
  const { key, name, labels, type, count, sum, created } = family;
  if (count === null) return;
  if (type === 'gauge') {
    yield* valuesBehind(family, count, after);
    return;
  }
  const buckets = family.buckets.toSorted((a, b) => a.le - b.le);
  const [sumAt, createdAt] = [sum && valuesOf(sum), created && valuesOf(created)];
  const bucketsAt = buckets.map(({ le, series }) => ({ le, at: valuesOf(series) }));
  for (const [i, timestamp] of count.times.entries()) {
    const value = count.values[i] ?? Number.NaN;
    if (timestamp <= after || Number.isNaN(value)) continue;
    const total = count.sums?.[i] ?? (sumAt ? sumAt(timestamp) : 0);
    // Half a sample would look like a reset.
    if (total === undefined) continue;
    const seconds = createdAt?.(timestamp);
    yield {
      key,
      name,
      labels,
      type,
      timestamp,
      count: value,
      sum: total,
      buckets: bucketsAt.flatMap(({ le, at }) => {
        const below = at(timestamp);
        return below === undefined ? [] : [{ le, count: below }];
      }),
      created: seconds === undefined || !Number.isFinite(seconds) ? null : Math.round(seconds * 1000),
    };
  }
}

function* valuesBehind(
  { key, name, labels, type }: FamilySeries,
  { times, values }: RawSeries,
  after: number,
): Generator<TimedSample> {
  for (const [i, timestamp] of times.entries()) {
    if (timestamp <= after) continue;
    const sum = values[i] ?? Number.NaN;
    yield { key, name, labels, type, timestamp, count: 1, sum, buckets: [], created: null };
  }
}

/** Values by time, for times that only grow. */
export function valuesOf({ times, values }: RawSeries): (time: number) => number | undefined {
  let at = 0;
  return (time) => {
    while ((times[at] ?? Number.POSITIVE_INFINITY) < time) at++;
    return times[at] === time ? values[at] : undefined;
  };
}
