import { type Hold, held, promise } from '../../pipeline/spout/holding.js';
import type { Topology } from '../testing.js';
import type { InputSeries, RuleTest } from './rule-test.js';

const SOURCE = 'test';

/** What a series has counted so far. */
class Counting {
  #count = 0;
  #sum = 0;
  readonly #below: number[];

  constructor(readonly series: InputSeries) {
    this.#below = series.bounds.map(() => 0);
  }

  /** The sample at this step, cumulative; what grew since the one before took what the interval says. */
  at(step: number, count: number) {
    const { each, bounds } = this.series;
    // What falls began anew.
    if (count < this.#count) {
      this.#sum = 0;
      this.#below.fill(0);
      this.#count = 0;
    }
    const grown = count - this.#count;
    this.#count = count;
    const one = each?.[Math.min(Math.max(step - 1, 0), each.length - 1)] ?? 0;
    this.#sum += grown * one;
    for (const [i, le] of bounds.entries()) if (one <= le) this.#below[i] = (this.#below[i] ?? 0) + grown;
    const buckets = bounds.map((le, i) => ({ le, count: this.#below[i] ?? 0 }));
    const all = { le: Number.POSITIVE_INFINITY, count };
    return { count, sum: this.#sum, buckets: bounds.length === 0 ? [] : [...buckets, all] };
  }
}

/** The target of one series, scraped step by step. */
class Target {
  readonly #counting: Counting;
  #hold: Hold | null = null;

  constructor(
    readonly series: InputSeries,
    readonly interval: number,
  ) {
    this.#counting = new Counting(series);
  }

  get hold(): Hold | null {
    return this.#hold;
  }

  scrape(topology: Topology, step: number): void {
    const { name, labels, gauge, steps } = this.series;
    const value = steps[step] ?? 'stale';
    const timestamp = step * this.interval;
    if (value === 'missing') return;
    this.#hold = value === 'stale' ? null : held(this.#hold, timestamp, this.interval);
    if (value === 'stale') return;
    if (gauge) topology.gauge({ name, labels, timestamp, value });
    else {
      // A series that the scrape before lacked began there.
      const startTimestamp = steps[step - 1] === 'stale' ? timestamp - this.interval : null;
      topology.metric({ name, labels, timestamp, startTimestamp, ...this.#counting.at(step, value) });
    }
  }
}

/** Number of the last scrape that a test needs. */
export const lastStep = ({ series, expect, interval }: RuleTest): number =>
  Math.max(
    0,
    ...series.map(({ steps }) => steps.length - 1),
    ...expect.map(({ at }) => Math.floor(at / interval)),
  );

/** Scrapes all series of a test, and says after each scrape when it was, ms from the first. */
export function* scrapes(test: RuleTest, topology: Topology): Generator<number> {
  const targets = test.series.map((series) => new Target(series, test.interval));
  topology.watermark(SOURCE, 0);
  for (let step = 0; step <= lastStep(test); step++) {
    const at = step * test.interval;
    for (const target of targets) target.scrape(topology, step);
    topology.watermark(
      SOURCE,
      promise(
        at,
        targets.map(({ hold }) => hold),
      ),
    );
    yield at;
  }
}
