import { linkedAbort } from '../../platform/linked-abort.js';
import type { TargetState as ToldState } from '../../schemas/types.js';
import { normalLabels, seriesText } from '../model/text.js';
import { LOOKBACK, MAX_SKEW } from '../model/watermarks.js';
import { type GoodScrape, type KeyedSample, startsOf } from './births.js';
import type { LeftOff } from './cursor.js';
import { type Hold, held, promise } from './holding.js';
import type { MetricSource, Scrape, Target } from './metric-source.js';
import { type Down, Health, type Polled, type Poller, type Say, type Taken } from './poller.js';

export interface DirectOptions {
  readonly source: MetricSource;
  /** ms */
  readonly interval: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: Say;
}

interface TargetState {
  good: GoodScrape | null;
  hold: Hold | null;
  /** Why the last scrape failed; null where it did not. */
  problem: string | null;
}

/** Scrapes all targets at once; the samples carry the start of the poll. */
export class DirectPoller implements Poller {
  readonly remembers = null;
  readonly #options: DirectOptions;
  readonly #targets: readonly (readonly [Target, TargetState])[];
  readonly #health: Health;
  #cursor: number | null = null;
  #lastPoll = Number.NEGATIVE_INFINITY;
  #promised = Number.NEGATIVE_INFINITY;

  constructor(options: DirectOptions) {
    this.#options = options;
    this.#targets = options.source.targets.map((target) => [
      target,
      { good: null, hold: null, problem: null },
    ]);
    this.#health = new Health(options.say);
  }

  get down(): readonly Down[] {
    return this.#health.down;
  }

  get targets(): readonly ToldState[] {
    return this.#targets.map(([{ name: job, url }, { good, problem }]) => ({
      ...{ job, instance: instanceOf(url), lastScrape: good?.at ?? null, problem },
    }));
  }

  begin({ cursor }: LeftOff, watermark: number): void {
    this.#cursor = cursor;
    this.#promised = watermark;
  }

  async *poll(signal: AbortSignal): AsyncGenerator<Polled> {
    const { clock, interval, source } = this.#options;
    const at = Math.max(clock(), this.#lastPoll + 1);
    this.#lastPoll = at;
    using limit = linkedAbort(signal, AbortSignal.timeout(Math.max(1, Math.floor(interval * 0.9))));
    const scrapes = await Promise.all(
      this.#targets.map(([target]) =>
        source.scrape(target, limit.signal).then(
          (scrape) => checked(scrape, at),
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      ),
    );
    if (signal.aborted) return;
    // After a long rest the samples would be too far ahead; yet none reaches back further than this.
    if (at - this.#promised > MAX_SKEW) yield { samples: [], watermark: at - LOOKBACK };
    const samples: Taken[] = [];
    for (const [i, [target, state]] of this.#targets.entries()) {
      const scrape = scrapes[i] ?? 'no answer';
      state.problem = typeof scrape === 'string' ? scrape : null;
      this.#health.report(`target ${target.name}`, state.problem);
      if (typeof scrape !== 'string') samples.push(...this.#take(target, state, { scrape, at }));
    }
    const holds = this.#targets.map(([, { hold }]) => hold);
    this.#promised = promise(at, holds);
    yield { samples, watermark: this.#promised };
  }

  #take(target: Target, state: TargetState, { scrape, at }: { scrape: Scrape; at: number }): Taken[] {
    const samples = scrape.samples.map((sample) => keyed(sample, target));
    const { processStart } = scrape;
    const [cursor, promised] = [this.#cursor, this.#promised];
    // What it counted until the cursor may be in the log.
    const counted = (): number => cursor ?? Number.NEGATIVE_INFINITY;
    const starts = startsOf(samples, { at, processStart, previous: state.good, counted, promised });
    const series = new Map(
      samples.map(({ key, name }) => [key, { family: name, start: starts.get(key) ?? null }]),
    );
    state.good = { at, processStart, series };
    state.hold = held(state.hold, at, this.#options.interval);
    return samples.map(({ created: _, ...sample }) => ({
      ...sample,
      timestamp: at,
      startTimestamp: starts.get(sample.key) ?? null,
    }));
  }
}

function checked(scrape: Scrape, at: number): Scrape | string {
  const apart = scrape.clock === null ? 0 : Math.abs(scrape.clock - at);
  return apart > MAX_SKEW
    ? `its clock is ${Math.round(apart / 1000)} s apart from ours: set one of them`
    : scrape;
}

/** Adds `job` and `instance` as Prometheus does: the target's own labels of these names are set aside. */
function keyed(sample: Scrape['samples'][number], { name: job, url }: Target): KeyedSample {
  const { job: exportedJob = '', instance: exportedInstance = '', ...rest } = sample.labels;
  const exported = { exported_job: exportedJob, exported_instance: exportedInstance };
  const labels = normalLabels({ ...exported, ...rest, job, instance: instanceOf(url) });
  return { ...sample, labels, key: seriesText(sample.name, labels) };
}

/** Host and port, also where the port is the usual one. */
function instanceOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}
