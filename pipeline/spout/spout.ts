import type { Codec } from '../../platform/codec/codec.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog, LogRecord } from '../../platform/log/event-log.js';
import { partitionOf } from '../model/murmur2.js';
import { normalLabels, seriesText } from '../model/text.js';
import { LOOKBACK, MAX_SKEW } from '../model/watermarks.js';
import { type GoodScrape, type KeyedSample, startsOf } from './births.js';
import { readCursor } from './cursor.js';
import { type Hold, held, promise } from './holding.js';
import type { MetricSource, Scrape, Target } from './metric-source.js';

const TOPIC = 'metrics';
/** How long to wait before an append that failed is tried again, ms. */
const RETRY_MS = 1_000;

export interface SpoutOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly source: MetricSource;
  /** Stable over restarts. */
  readonly name: string;
  /** ms */
  readonly interval: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly say: (level: 'info' | 'warn' | 'error', message: string) => void;
}

interface TargetState {
  good: GoodScrape | null;
  hold: Hold | null;
  down: string | null;
}

/** Polls the targets, and writes what they say to the log: samples by series, then a watermark to every partition. */
export class Spout {
  readonly #options: SpoutOptions;
  readonly #targets: readonly (readonly [Target, TargetState])[];
  #partitions = 0;
  #cursor: number | null = null;
  #lastPoll = Number.NEGATIVE_INFINITY;
  #clockAtStart = 0;
  #leapt = false;
  /** Watermark of the last poll, ms since the epoch. */
  watermark: number | null = null;

  constructor(options: SpoutOptions) {
    this.#options = options;
    this.#targets = options.source.targets.map((target) => [target, { good: null, hold: null, down: null }]);
  }

  /** Targets that do not answer, with the reason. */
  get down(): readonly { readonly target: string; readonly reason: string }[] {
    return this.#targets.flatMap(([{ name }, { down }]) =>
      down === null ? [] : [{ target: name, reason: down }],
    );
  }

  /** Runs until the signal is aborted; the poll that is under way is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { interval, monotonic, pause } = this.#options;
    await this.start(signal);
    let next = monotonic();
    while (!signal.aborted) {
      await this.poll(signal);
      next = Math.max(next + interval, monotonic());
      await pause(next - monotonic(), signal);
    }
  }

  /** The first record after a start is a watermark at the cursor: it says where this source left off. */
  async start(signal: AbortSignal): Promise<void> {
    const { log, codec, name, clock, monotonic, say } = this.#options;
    this.#partitions = await log.partitions(TOPIC);
    this.#cursor = await readCursor(log, codec, { topic: TOPIC, source: name });
    this.#clockAtStart = clock() - monotonic();
    const ahead = (this.#cursor ?? Number.NEGATIVE_INFINITY) - clock();
    if (ahead > 0) {
      say(
        'error',
        `the log is ${Math.ceil(ahead / 1000)} s ahead of this machine's clock: set it right, or all is late until then`,
      );
    }
    await this.#append(new Map(), this.#cursor ?? clock() - LOOKBACK, signal);
  }

  async poll(signal: AbortSignal): Promise<void> {
    const { clock, interval, source } = this.#options;
    if (this.#hasLeapt()) return;
    const at = Math.max(clock(), this.#lastPoll + 1);
    this.#lastPoll = at;
    using limit = linkedAbort(signal, AbortSignal.timeout(Math.max(1, Math.floor(interval * 0.9))));
    const scrapes = await Promise.all(
      this.#targets.map(([target]) =>
        source.scrape(target, limit.signal).then(
          (scrape) => this.#checked(scrape, at),
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      ),
    );
    if (signal.aborted) return;
    const records = new Map<number, LogRecord[]>();
    for (const [i, [target, state]] of this.#targets.entries()) {
      const scrape = scrapes[i] ?? 'no answer';
      this.#report(target, state, typeof scrape === 'string' ? scrape : null);
      if (typeof scrape !== 'string') this.#take(target, state, { scrape, at, records });
    }
    await this.#append(
      records,
      promise(
        at,
        this.#targets.map(([, { hold }]) => hold),
      ),
      signal,
    );
  }

  #take(
    target: Target,
    state: TargetState,
    { scrape, at, records }: { scrape: Scrape; at: number; records: Map<number, LogRecord[]> },
  ): void {
    const samples = scrape.samples.map((sample) => keyed(sample, target));
    const { processStart } = scrape;
    const starts = startsOf(samples, { at, processStart, previous: state.good, cursor: this.#cursor });
    for (const { key, created: _, ...sample } of samples) {
      const startTimestamp = starts.get(key) ?? null;
      const value = this.#options.codec.encode('MetricRecord', { ...sample, timestamp: at, startTimestamp });
      const partition = partitionOf(key, this.#partitions);
      const own = records.get(partition) ?? [];
      own.push({ key: Buffer.from(key, 'utf8'), value });
      records.set(partition, own);
    }
    const series = new Map(
      samples.map(({ key, name }) => [key, { family: name, start: starts.get(key) ?? null }]),
    );
    state.good = { at, processStart, series };
    state.hold = held(state.hold, at, this.#options.interval);
  }

  /** One append per partition, its watermark last; tried again as the same bytes until it is done. */
  async #append(
    records: ReadonlyMap<number, readonly LogRecord[]>,
    watermark: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, codec, name, say, pause } = this.#options;
    const value = codec.encode('Watermark', {
      timestamp: watermark,
      source: name,
      partitions: this.#partitions,
    });
    const mark: LogRecord = { key: Buffer.from(name, 'utf8'), value };
    await Promise.all(
      Array.from({ length: this.#partitions }, async (_, partition) => {
        const output = { topic: TOPIC, partition, records: [...(records.get(partition) ?? []), mark] };
        for (;;) {
          try {
            await log.append(output);
            return;
          } catch (error) {
            say(
              'error',
              `appending metrics: ${error instanceof Error ? error.message : error}; trying again`,
            );
            if (signal.aborted) return;
            await pause(RETRY_MS, signal);
          }
        }
      }),
    );
    this.watermark = watermark;
  }

  #checked(scrape: Scrape, at: number): Scrape | string {
    const apart = scrape.clock === null ? 0 : Math.abs(scrape.clock - at);
    return apart > MAX_SKEW
      ? `its clock is ${Math.round(apart / 1000)} s apart from ours: set one of them`
      : scrape;
  }

  /** Records with a clock that leapt would be skewed or late: better none, and say so. */
  #hasLeapt(): boolean {
    const { clock, monotonic, say } = this.#options;
    const leap = clock() - monotonic() - this.#clockAtStart;
    const leapt = Math.abs(leap) > MAX_SKEW;
    if (leapt && !this.#leapt) {
      say(
        'error',
        `this machine's clock leapt by ${Math.round(leap / 1000)} s: set it right, or restart to go on with it`,
      );
    }
    this.#leapt = leapt;
    return leapt;
  }

  #report(target: Target, state: TargetState, problem: string | null): void {
    if (problem !== null && state.down === null)
      this.#options.say('warn', `target ${target.name}: ${problem}`);
    if (problem === null && state.down !== null)
      this.#options.say('info', `target ${target.name} is up again`);
    state.down = problem;
  }
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
