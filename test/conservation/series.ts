import fc from 'fast-check';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { Entry, Reading } from './records.js';
import { GAUGE, type Labels, METRIC } from './selections.js';

/** What a series brings at a poll, for better or worse. */

const codec = embeddedCodec();

export interface Series {
  readonly name: string;
  readonly labels: Labels;
  count: number;
  sum: number;
  start: number | null;
  /** Of its last good sample. */
  t: number;
  /** Which of `layouts` its buckets have. */
  layout: number;
  /** Requests at or below each of `bounds`. */
  below: number[];
}

const bounds = [0.1, 0.2, 0.3, 0.5, Number.POSITIVE_INFINITY];
/** As instances of several versions have them, and one without +Inf. */
export const layouts: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4],
  [0, 1, 3, 4],
  [0, 1, 2, 3, 4],
  [1, 2, 4],
  [0, 2, 4],
  [0, 1],
  [],
];

const series: readonly Pick<Series, 'name' | 'labels'>[] = [
  { name: GAUGE, labels: { route: '/a', status: '200' } },
  { name: GAUGE, labels: { route: '/b' } },
  { name: GAUGE, labels: { route: '/b', status: '200' } },
  { name: GAUGE, labels: { route: '/none' } },
  { name: METRIC, labels: { route: '/a', status: '200' } },
  { name: METRIC, labels: { route: '/a', status: '500' } },
  { name: METRIC, labels: { route: '/b', status: '200' } },
  { name: METRIC, labels: { route: '/b', status: '503' } },
  { name: METRIC, labels: { status: '200' } },
  { name: METRIC, labels: { route: '/none', status: '200' } },
  { name: METRIC, labels: { route: '__overflow__', status: '500' } },
  { name: 'another_metric', labels: { route: '/a', status: '200' } },
];
export const SERIES = series.length;

export const allSeries = (layoutOf: (i: number) => number): Series[] =>
  series.map((one, i) => ({
    ...{ ...one, count: 0, sum: 0, start: null, t: 0 },
    ...{ layout: layoutOf(i), below: bounds.map(() => 0) },
  }));

export const weighted = <T>(...all: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> =>
  fc.oneof(...all.map(([weight, value]) => ({ weight: weight * 10, arbitrary: fc.constant(value) })));

export const acts = fc.record({
  what: weighted(
    [60, 'grow'],
    [6, 'stand still'],
    [8, 'be absent'],
    [3, 'begin again'],
    [3, 'begin again, and say when'],
    [3, 'come twice'],
    [3, 'waver'],
    [2, 'come again older, less'],
    [2, 'come again older, more'],
    [1, 'come from the future'],
    [1, 'be no number'],
    [1, 'start after itself'],
    [1, 'be of the other type'],
    [1, 'have buckets that fall'],
    [0.5, 'have bounds that do not rise'],
    [1, 'lose what is below the first bound'],
    [2, 'have other bounds'],
    [0.5, 'have many labels'],
    [0.2, 'come from the future, often'],
  ),
  count: fc.nat(9),
  /** s; doubles are mostly close to 0. */
  mean: fc.oneof(
    fc.nat(4000).map((n) => n / 10_000),
    fc.double({ min: 0, max: 0.4, noNaN: true }),
  ),
  /** What the clock of the target is off by, ms. */
  off: weighted([8, 0], [1, -200], [1, 1500], [1, -6000], [0.5, 7000]),
  /** How long ago it began, where it says so, ms. */
  age: fc.constantFrom(0, 1, 700, 4000, 20_000, 290_000, 400_000),
});

interface Act {
  readonly what: string;
  readonly count: number;
  readonly mean: number;
  readonly off: number;
  readonly age: number;
  readonly now: number;
  readonly partition: number;
}

/** What a series brings at one poll; often one sample. */
export function samples(one: Series, { what, count, mean, off, age, now, partition }: Act): Entry[] {
  if (what === 'be absent') return [];
  const t = now + off;
  const gauge = one.name === GAUGE;
  const sample = (how: Partial<Reading>): Entry => ({ ...readingOf(one, t, partition), ...how });
  if (what === 'be no number') {
    const no = [Number.NaN, -1, Number.POSITIVE_INFINITY][count % 3];
    return [sample({ [count % 2 === 0 && !gauge ? 'count' : 'sum']: no })];
  }
  if (what === 'start after itself') return [sample({ start: t + 1 })];
  if (what === 'come from the future') return [sample({ t: t + 1_100_000 })];
  if (what === 'come from the future, often')
    return Array.from({ length: 103 }, () => sample({ t: t + 1_100_000 }));
  if (what === 'waver')
    return [sample({ count: Math.max(0, one.count - count / 8), sum: one.sum * (count < 5 ? 0.9 : 0.8) })];
  if (what === 'be of the other type') return [sample({ gauge: !gauge })];
  if (what === 'have buckets that fall')
    return [sample({ buckets: bucketsOf({ ...one, below: [5, 4, 3, 2, 1] }) })];
  if (what === 'have bounds that do not rise')
    return [sample({ buckets: bucketsOf(one).map(({ le }, i) => ({ le: i === count ? 0 : le, count: 0 })) })];
  if (what === 'have many labels') {
    const labels = { ...one.labels, ...manyLabels(count, Object.keys(one.labels).length) };
    return [sample({ labels, gauge: age === 1 ? !gauge : gauge })];
  }
  if (what.startsWith('begin again'))
    Object.assign(one, { count: 0, sum: 0, start: null, below: bounds.map(() => 0) });
  if (what === 'lose what is below the first bound') one.below[0] = 0;
  if (what === 'have other bounds') one.layout++;
  if (what === 'begin again, and say when') one.start = t - age;
  if (what !== 'stand still') grow(one, count, mean);
  const before = one.t;
  one.t = t;
  const news = sample({});
  if (what === 'come twice') return [news, sample({ count: one.count + 5 })];
  if (what === 'come again older, less')
    return [news, sample({ t: Math.max(before, t - 3000) - 1000, start: null })];
  if (what === 'come again older, more')
    return [news, sample({ t: t - 700, count: one.count + 3, start: null })];
  return [news];
}

function readingOf(one: Series, t: number, partition: number): Reading {
  const { name, labels, count, start } = one;
  const gauge = name === GAUGE;
  const sum = gauge ? (one.sum - 0.4) * 2 : one.sum;
  const buckets = gauge ? [] : bucketsOf(one);
  return { kind: 'sample', partition, name, labels, t, count, sum, start, buckets, gauge };
}

/** So many requests that took so long; a gauge takes another value. */
function grow(one: Series, count: number, mean: number): void {
  if (one.name === GAUGE) one.sum = count * mean;
  else {
    one.count += count;
    one.sum += count * mean;
    for (const [i, le] of bounds.entries()) if (mean <= le) one.below[i] = (one.below[i] ?? 0) + count;
  }
}

const bucketsOf = ({ layout, below }: Series): Reading['buckets'] =>
  (layouts[layout % layouts.length] ?? []).map((i) => ({ le: bounds[i] ?? 0, count: below[i] ?? 0 }));

/** As many, or as long ones, as there may be, or one more. */
function manyLabels(which: number, others: number): Labels {
  const more = which % 2;
  const several = (n: number, value: string): Labels =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`l${i}`, value]));
  if (which < 2) return { ...several(64 - others + more, 'x'), none: '' };
  if (which < 4) return { l: `${'é'.repeat(512)}${'x'.repeat(more)}` };
  if (which < 6) return { [`l${'x'.repeat(1023 + more)}`]: 'x' };
  return several(15 + more, 'x'.repeat(1024));
}

export function unreadable(what: string, timestamp: number, partition: number): Entry {
  const value = {
    ...{ timestamp, startTimestamp: null, count: 1, sum: 1, buckets: [], name: METRIC, labels: {} },
    type: 'cumulative' as const,
  };
  const metric = codec.encode('MetricRecord', value);
  if (what === 'a state') {
    const bytes = codec.encode('StageState', { id: 'x', part: 0, last: true, digest: '', payload: metric });
    return { kind: 'passed', partition, bytes };
  }
  const bytes: Record<string, Uint8Array> = {
    bytes: Buffer.from('junk'),
    'an unknown schema': Buffer.from([0, 0, 0, 9, 9, 1, 2, 3]),
    'cut off': metric.subarray(0, metric.length - 3),
    'no key': metric,
    'another type': codec.encode('RulesRevision', { revision: '', file: '', text: '' }),
  };
  return { kind: 'junk', partition, bytes: bytes[what] ?? metric };
}
