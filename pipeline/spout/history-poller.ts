import type { TargetState } from '../../schemas/types.js';
import type { Labels } from '../model/matcher.js';
import { LOOKBACK, MAX_SKEW } from '../model/watermarks.js';
import { type GoodScrape, startsOf } from './births.js';
import type { LeftOff } from './cursor.js';
import { familySeries, gaugeSeries, partNames, samplesOf, type TimedSample, valuesOf } from './families.js';
import { promise } from './holding.js';
import { type Down, Health, type Polled, type Poller, type Say, type Taken } from './poller.js';
import type { RawSeries, SampleSource } from './sample-source.js';
import { type Timeline, targetFinder, targetKey, timelineOf } from './timelines.js';

export interface HistoryOptions {
  readonly source: SampleSource;
  /** Metric families that are read. */
  readonly families: readonly string[];
  /** Gauges that are read. */
  readonly gauges: readonly string[];
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: Say;
}

/** How it is called where it is said to be down. */
const WHO = 'Prometheus';
const UNANSWERED = 'it does not answer Prometheus';
const PROCESS_START = 'process_start_time_seconds';
/** Read again before the cursor: what was appended is dropped series by series, ms. */
const OVERLAP = 60_000;
/** A step of a catch-up, at most and at least, ms. */
const LONGEST_STEP = MAX_SKEW / 2;
const SHORTEST_STEP = 15_000;
/** A step that brings more samples than this is too long. */
const MANY = 500_000;

/** Reads what another scrapes: raw samples since the cursor, with the times at which they were scraped. */
export class HistoryPoller implements Poller {
  /** What is read again; and what was appended ahead of the watermark. */
  readonly remembers = OVERLAP + LOOKBACK;
  readonly #options: HistoryOptions;
  readonly #names: readonly string[];
  readonly #health: Health;
  #promised = Number.NEGATIVE_INFINITY;
  /** Up to where it was read. */
  #reached = Number.NEGATIVE_INFINITY;
  /** From where the next step reads. */
  #from = Number.NEGATIVE_INFINITY;
  #step = LONGEST_STEP;
  /** Samples up to there are not appended, unless they are known not to be. */
  #floor = Number.NEGATIVE_INFINITY;
  /** Time of the last sample of every series that was appended lately. */
  #appended = new Map<string, number>();
  readonly #counted = (key: string): number => this.#appended.get(key) ?? Number.NEGATIVE_INFINITY;
  #swept = Number.NEGATIVE_INFINITY;
  #good = new Map<string, GoodScrape>();
  #targets: readonly TargetState[] = [];

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#names = [...new Set([...partNames(options.families), ...options.gauges, PROCESS_START])];
    this.#health = new Health(options.say);
  }

  get down(): readonly Down[] {
    return this.#health.down;
  }

  get targets(): readonly TargetState[] {
    return this.#targets;
  }

  begin({ cursor, appended }: LeftOff, watermark: number): void {
    this.#promised = watermark;
    this.#reached = watermark;
    // What was there before is known then, and what was born since.
    this.#from = watermark - LOOKBACK;
    this.#floor = cursor === null ? watermark : watermark - OVERLAP;
    this.#appended = new Map(appended);
  }

  /** In steps, where it is far behind. What fails is said, and asked for again at the next poll. */
  async *poll(signal: AbortSignal): AsyncGenerator<Polled> {
    const { source } = this.#options;
    try {
      const now = await source.clock(signal);
      this.#checkClock(now);
      for (let more = true; more; ) {
        const to = Math.min(now, this.#reached + this.#step);
        more = to < now;
        const polled = await this.#read(to, { live: !more, signal });
        this.#health.report(WHO, null);
        yield polled;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#step = Math.max(SHORTEST_STEP, this.#step / 2);
      this.#health.report(WHO, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * `up` first: of every scrape that is known by then, all samples are there when they are asked for. And `up`
   * again: what came by a scrape that was not known before waits for the next poll.
   */
  async #read(to: number, { live, signal }: { live: boolean; signal: AbortSignal }): Promise<Polled> {
    const { source } = this.#options;
    const from = this.#from;
    const known = new Set((await source.targets(to, signal)).map(targetKey));
    const ups = await source.samples(['up'], { from: from - LOOKBACK, to }, signal);
    const series = await source.samples(this.#names, { from, to }, signal);
    const since = (await source.samples(['up'], { from, to }, signal)).map(timelineOf);
    const timelines = ups.map(timelineOf);
    const there = timelines.filter(({ key }) => known.has(key));
    if (live) this.#report(there);
    const holds = there.map(({ hold }) => hold);
    const watermark = Math.max(this.#promised, promise(to, holds));
    const samples = this.#take(timelines, { series, since, from });
    if (live) this.#targets = this.#statesOf(there);
    this.#reached = Math.max(this.#reached, to);
    this.#promised = watermark;
    this.#from = watermark - OVERLAP;
    this.#forget(timelines);
    const many = series.reduce((sum, { times }) => sum + times.length, 0) > MANY;
    this.#step = Math.min(LONGEST_STEP, Math.max(SHORTEST_STEP, many ? this.#step / 2 : this.#step * 2));
    return { samples, watermark };
  }

  /** All that was read, target by target in order of time. */
  #take(timelines: readonly Timeline[], read: Read): Taken[] {
    const { series, from } = read;
    const find = targetFinder(timelines);
    const { scrapes, loose } = scrapesOf(read, { ...this.#options, find });
    const processStarts = new Map<Timeline | null, (at: number) => number | undefined>();
    for (const one of series)
      if (one.name === PROCESS_START) processStarts.set(find(one.labels), valuesOf(one));
    const taken: Taken[] = [];
    for (const timeline of timelines) {
      for (const at of timeline.good) {
        if (at <= from) continue;
        const previous = this.#good.get(timeline.key) ?? null;
        if (previous && at <= previous.at) continue;
        const samples = scrapes.get(timeline)?.get(at) ?? [];
        const seconds = processStarts.get(timeline)?.(at);
        const processStart = seconds === undefined ? null : Math.round(seconds * 1000);
        const promised = this.#promised;
        const starts = startsOf(samples, { at, processStart, previous, counted: this.#counted, promised });
        const known = samples.map(
          ({ key, name }) => [key, { family: name, start: starts.get(key) ?? null }] as const,
        );
        this.#good.set(timeline.key, { at, processStart, series: new Map(known) });
        for (const sample of samples) this.#append(taken, sample, starts.get(sample.key) ?? null);
      }
    }
    for (const sample of loose) this.#append(taken, sample, sample.created);
    return taken.sort((a, b) => a.timestamp - b.timestamp);
  }

  /** Unless it was appended before. */
  #append(taken: Taken[], { created: _, ...sample }: TimedSample, startTimestamp: number | null): void {
    if (sample.timestamp <= (this.#appended.get(sample.key) ?? this.#floor)) return;
    this.#appended.set(sample.key, sample.timestamp);
    taken.push({ ...sample, startTimestamp });
  }

  /** What is neither read again nor within reach of an interval need not be remembered. */
  #forget(timelines: readonly Timeline[]): void {
    const here = new Set(timelines.map(({ key }) => key));
    for (const key of this.#good.keys()) if (!here.has(key)) this.#good.delete(key);
    if (this.#from - this.#swept < OVERLAP) return;
    this.#swept = this.#from;
    for (const [key, at] of this.#appended) if (at < this.#from - LOOKBACK) this.#appended.delete(key);
  }

  #statesOf(timelines: readonly Timeline[]): readonly TargetState[] {
    return timelines
      .map(({ key, labels: { job = '', instance = '' }, up, good }) => ({
        ...{ job, instance, lastScrape: good.at(-1) ?? this.#good.get(key)?.at ?? null },
        problem: up ? null : UNANSWERED,
      }))
      .sort((a, b) => compareTexts(a.job, b.job) || compareTexts(a.instance, b.instance));
  }

  #report(timelines: readonly Timeline[]): void {
    const names = new Map(timelines.map((one) => [targetName(one.labels), one.up]));
    for (const { what } of this.#health.down) if (!names.has(what) && what !== WHO) this.#health.forget(what);
    for (const [name, up] of names) this.#health.report(name, up ? null : UNANSWERED);
  }

  #checkClock(now: number): void {
    const apart = Math.abs(now - this.#options.clock());
    if (apart > MAX_SKEW)
      throw new Error(`its clock is ${Math.round(apart / 1000)} s apart from ours: set one of them`);
  }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const targetName = ({ job = '', instance = '' }: Labels): string => `target ${job} ${instance}`;

interface Read {
  readonly series: readonly RawSeries[];
  /** Targets, and their scrapes, as known after the series were read. */
  readonly since: readonly Timeline[];
  readonly from: number;
}

interface Scrapes {
  /** Samples by target and time. */
  readonly scrapes: ReadonlyMap<Timeline, ReadonlyMap<number, readonly TimedSample[]>>;
  /** Samples that came by no scrape that is known: with times of their own, or without a target. */
  readonly loose: readonly TimedSample[];
}

interface Wanted extends Pick<HistoryOptions, 'families' | 'gauges'> {
  readonly find: (labels: Labels) => Timeline | null;
}

function scrapesOf({ series, since, from }: Read, { families, gauges, find }: Wanted): Scrapes {
  const scrapes = new Map<Timeline, Map<number, TimedSample[]>>();
  const loose: TimedSample[] = [];
  const findSince = targetFinder(since);
  for (const family of [...familySeries(families, series), ...gaugeSeries(gauges, series)]) {
    const target = find(family.labels);
    let own = target && scrapes.get(target);
    if (target && !own) {
      own = new Map(target.good.map((at) => [at, []]));
      scrapes.set(target, own);
    }
    for (const sample of samplesOf(family, from)) {
      const scrape = own?.get(sample.timestamp);
      if (scrape) scrape.push(sample);
      else if (!findSince(family.labels)?.good.includes(sample.timestamp)) loose.push(sample);
    }
  }
  return { scrapes, loose };
}
