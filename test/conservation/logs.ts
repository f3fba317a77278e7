import fc from 'fast-check';
import type { Entry, Settings } from './records.js';
import { acts, allSeries, layouts, SERIES, samples, unreadable, weighted } from './series.js';

/** Logs as they come from the world at its worst: of several sources, into several partitions. */

const EPOCH = 1_700_000_000_000;

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
  first: fc.nat(SERIES - 1),
  acts: fc.array(acts, { minLength: SERIES, maxLength: SERIES }),
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

export interface Log extends Settings {
  readonly partitions: number;
  readonly entries: readonly Entry[];
}

export const logs: fc.Arbitrary<Log> = fc
  .record({
    settings: fc.record({
      /** Of eight, some have no series at all. */
      partitions: weighted([3, 1], [3, 2], [3, 3], [1, 8]),
      maxSeries: weighted([6, 100], [2, 1]),
      maxGroups: weighted([3, 100], [2, 1], [1, 2]),
      jitter: fc.boolean(),
    }),
    /** Bounds of the first series; the others have the same, or each its own. */
    first: fc.nat(layouts.length - 1),
    mixed: fc.nat(2).map((n) => n === 0),
    /** The poll in which a second source appears, if it does. */
    other: fc.oneof(fc.constant(0), fc.constant(Number.POSITIVE_INFINITY), fc.nat(30)),
    /** From that poll on, the series before this one are gone, and polls are at least so far apart. */
    gone: fc.record({
      before: weighted([2, 0], [1, 2], [1, 6], [1, 8]),
      from: fc.nat(4),
      least: weighted([10, 0], [1.5, 299_000], [6, 550_000]),
    }),
    ending: fc.boolean(),
    polls: fc.array(poll, { minLength: 5, maxLength: 60 }),
  })
  .map(({ settings, first, mixed, other, gone, ending, polls }) => {
    const { partitions } = settings;
    const entries: Entry[] = [];
    const all = allSeries((i) => first + (mixed ? i : 0));
    let now = EPOCH;
    const mark = (source: string, timestamp: number, skip = -1): void => {
      for (let partition = 0; partition < partitions; partition++) {
        if (partition !== skip) entries.push({ kind: 'mark', partition, source, timestamp });
      }
    };
    for (const [n, { step, first, acts, leading, lag, otherLag, skip, junk }] of polls.entries()) {
      const taken = n > gone.from ? Math.max(step, gone.least) : step;
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
    return { ...settings, entries };
  });
