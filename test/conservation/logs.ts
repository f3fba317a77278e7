import fc from 'fast-check';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { Entry } from './counting.js';
import { type Labels, METRIC } from './rules.js';

/** Logs as they come from the world at its worst: of several sources, into several partitions. */

const codec = embeddedCodec();
const EPOCH = 1_700_000_000_000;

interface Series {
  readonly name: string;
  readonly labels: Labels;
  count: number;
  sum: number;
  start: number | null;
  /** Of its last good sample. */
  t: number;
}

const series: readonly Pick<Series, 'name' | 'labels'>[] = [
  { name: METRIC, labels: { route: '/a', status: '200' } },
  { name: METRIC, labels: { route: '/a', status: '500' } },
  { name: METRIC, labels: { route: '/b', status: '200' } },
  { name: METRIC, labels: { route: '/b', status: '503' } },
  { name: METRIC, labels: { status: '200' } },
  { name: METRIC, labels: { route: '/none', status: '200' } },
  { name: 'another_metric', labels: { route: '/a', status: '200' } },
];

const weighted = <T>(...all: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> =>
  fc.oneof(...all.map(([weight, value]) => ({ weight: weight * 10, arbitrary: fc.constant(value) })));

const act = fc.record({
  what: weighted(
    [60, 'grow'],
    [6, 'stand still'],
    [8, 'be absent'],
    [3, 'begin again'],
    [3, 'begin again, and say when'],
    [3, 'come twice'],
    [2, 'come again older, less'],
    [2, 'come again older, more'],
    [1, 'come from the future'],
    [1, 'be no number'],
    [1, 'start after itself'],
    [0.2, 'come from the future, often'],
  ),
  count: fc.nat(9),
  mean: fc.double({ min: 0, max: 0.4, noNaN: true }),
  /** What the clock of the target is off by, ms. */
  off: weighted([8, 0], [1, -200], [1, 1500], [1, -6000], [0.5, 7000]),
  /** How long ago it began, where it says so, ms. */
  age: fc.constantFrom(0, 1, 700, 4000, 20_000, 290_000, 400_000),
});

const poll = fc.record({
  step: weighted(
    [14, 5000],
    [1, 1000],
    [2, 15_000],
    [0.6, 61_000],
    [0.3, 299_000],
    [0.3, 301_000],
    [0.2, 900_000],
    [0.4, 3_700_000],
  ),
  /** Which series comes first: where there is a cap, that decides who gets in. */
  first: fc.nat(series.length - 1),
  acts: fc.array(act, { minLength: series.length, maxLength: series.length }),
  /** Where time leaps: whether a watermark comes before the samples. */
  leading: fc.boolean(),
  lag: weighted([10, 0], [1, 2500], [1, 40_000], [0.5, 400_000]),
  otherLag: weighted([10, 0], [1, 2500], [2, 100_000], [1, 400_000]),
  /** A partition that does not get its watermark. */
  skip: weighted([12, -1], [1, 0], [1, 1], [1, 2]),
  junk: weighted(
    [20, 'none'],
    [1, 'bytes'],
    [1, 'an unknown schema'],
    [1, 'cut off'],
    [1, 'no key'],
    [1, 'a state'],
    [1, 'another type'],
  ),
});

export interface Log {
  readonly partitions: number;
  readonly maxSeries: number;
  readonly maxGroups: number;
  readonly entries: readonly Entry[];
}

export const logs: fc.Arbitrary<Log> = fc
  .record({
    /** Of eight, one has no series at all. */
    partitions: weighted([3, 1], [3, 2], [3, 3], [1, 8]),
    maxSeries: weighted([6, 100], [2, 1]),
    maxGroups: weighted([3, 100], [2, 1], [1, 2]),
    /** The poll in which a second source appears, if it does. */
    other: fc.oneof(fc.constant(0), fc.constant(Number.POSITIVE_INFINITY), fc.nat(30)),
    /** From that poll on, the series before this one are gone, and polls are so much longer. */
    gone: fc.record({
      before: weighted([2, 0], [1, 2], [2, 4]),
      from: fc.nat(4),
      pace: weighted([1, 1], [1, 110]),
    }),
    ending: fc.boolean(),
    polls: fc.array(poll, { minLength: 5, maxLength: 60 }),
  })
  .map(({ partitions, maxSeries, maxGroups, other, gone, ending, polls }) => {
    const entries: Entry[] = [];
    const all: Series[] = series.map((one) => ({ ...one, count: 0, sum: 0, start: null, t: 0 }));
    let now = EPOCH;
    const mark = (source: string, timestamp: number, skip = -1): void => {
      for (let partition = 0; partition < partitions; partition++) {
        if (partition !== skip) entries.push({ kind: 'mark', partition, source, timestamp });
      }
    };
    for (const [n, { step, first, acts, leading, lag, otherLag, skip, junk }] of polls.entries()) {
      const taken = gone.before > 0 && n > gone.from ? step * gone.pace : step;
      now += taken;
      if (taken > 600_000 && leading) mark('spout', now - 1000);
      for (const k of all.keys()) {
        const i = (first + k) % all.length;
        const [one, chosen] = [all[i], acts[i]];
        if (i < gone.before && n >= gone.from) continue;
        if (one && chosen) entries.push(...samples(one, { ...chosen, now, partition: i % partitions }));
      }
      if (junk !== 'none') entries.push(unreadable(junk, now, now % partitions));
      mark('spout', now - lag, skip);
      if (n >= other) mark('other', now - otherLag);
    }
    if (ending) mark('spout', now + 60_000);
    if (ending && polls.length > other) mark('other', now + 60_000);
    return { partitions, maxSeries, maxGroups, entries };
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
function samples(one: Series, { what, count, mean, off, age, now, partition }: Act): Entry[] {
  if (what === 'be absent') return [];
  const t = now + off;
  const { name, labels } = one;
  const sample = (how: { t?: number; count?: number; sum?: number; start?: number | null }): Entry => {
    const { count, sum, start } = one;
    return { kind: 'sample', partition, name, labels, t, count, sum, start, ...how };
  };
  if (what === 'be no number') {
    return [
      sample({ [count % 2 === 0 ? 'count' : 'sum']: [Number.NaN, -1, Number.POSITIVE_INFINITY][count % 3] }),
    ];
  }
  if (what === 'start after itself') return [sample({ start: t + 1 })];
  if (what === 'come from the future') return [sample({ t: t + 1_100_000 })];
  if (what === 'come from the future, often')
    return Array.from({ length: 103 }, () => sample({ t: t + 1_100_000 }));
  if (what.startsWith('begin again')) Object.assign(one, { count: 0, sum: 0, start: null });
  if (what === 'begin again, and say when') one.start = t - age;
  if (what !== 'stand still') Object.assign(one, { count: one.count + count, sum: one.sum + count * mean });
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

function unreadable(what: string, timestamp: number, partition: number): Entry {
  const value = { timestamp, startTimestamp: null, count: 1, sum: 1, buckets: [], name: METRIC, labels: {} };
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
