import type { Feed } from '../pipeline/backtest/run.js';
import { beyondLimits } from '../pipeline/model/limits.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { LOOKBACK } from '../pipeline/model/watermarks.js';
import { HistoryPoller, PROMETHEUS } from '../pipeline/spout/history-poller.js';
import type { Taken } from '../pipeline/spout/poller.js';
import type { SampleSource } from '../pipeline/spout/sample-source.js';
import type { MetricsInput, Wanted } from './metrics-input.js';
import { familiesOf, gaugesOf } from './spout.js';

export interface HistoryInputOptions {
  readonly source: SampleSource;
  readonly rules: readonly RuleSet[];
  readonly partitions: number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** Its name in watermarks; no result depends on it. */
const SOURCE = 'backtest';
/** What fails is asked for so often in a row, in shorter and shorter steps: too many samples are a reason to fail. */
const MOST_TRIES = 7;
const RETRY_MS = 1_000;

/** What Prometheus has kept, as a spout reads it that is started at the beginning of it. */
export const historyInput = (options: HistoryInputOptions): MetricsInput => ({
  partitions: options.partitions,
  feed: async (run, wanted) => {
    const { source, rules, pause, warn } = options;
    const signal = new AbortController().signal;
    // A target may hold the watermark back for so long.
    const end = Math.min(await source.clock(signal), wanted.to + LOOKBACK);
    const poller = new HistoryPoller({
      source: {
        clock: () => Promise.resolve(end),
        targets: (at, until) => source.targets(at, until),
        samples: (names, range, until) => source.samples(names, range, until),
      },
      families: [...new Set(rules.flatMap(familiesOf))],
      gauges: [...new Set(rules.flatMap((one) => gaugesOf(one, [])))],
      clock: () => end,
      say: () => undefined,
    });
    const writer = new FeedWriter(run, options);
    poller.begin({ cursor: null, appended: new Map() }, wanted.from);
    writer.mark(wanted.from);
    for (let tries = 0; ; ) {
      for await (const { samples, watermark } of poller.poll(signal)) {
        tries = 0;
        writer.write(samples, watermark);
        wanted.progress(shareOf(watermark, wanted, end));
        if (watermark >= wanted.to) return;
      }
      const failed = poller.down.find(({ what }) => what === PROMETHEUS);
      if (failed === undefined) return;
      if (++tries === MOST_TRIES) throw new HistoryFailed(`reading the history: ${failed.reason}`);
      warn(`reading the history: ${failed.reason}; asking again, in shorter steps`);
      await pause(RETRY_MS, signal);
    }
  },
});

const shareOf = (watermark: number, { from, to }: Wanted, end: number): number =>
  Math.min(1, (watermark - from) / (Math.min(to, end) - from));

/** Prometheus does not answer, or not what was asked; the message says why. */
export class HistoryFailed extends Error {
  override readonly name = 'HistoryFailed';
}

/** Hands over samples and a watermark behind them to every partition, as a spout writes them. */
class FeedWriter {
  #refusing = false;

  constructor(
    readonly run: Feed,
    readonly options: Pick<HistoryInputOptions, 'partitions' | 'warn'>,
  ) {}

  write(samples: readonly Taken[], watermark: number): void {
    for (const { key, ...value } of samples) {
      const beyond = beyondLimits(value, Buffer.byteLength(key));
      if (beyond === null) this.run.push({ partition: null, key, record: { type: 'MetricRecord', value } });
      else this.#refuse(`${key.slice(0, 100)}: ${beyond}`);
    }
    this.mark(watermark);
  }

  mark(timestamp: number): void {
    const value = { timestamp, source: SOURCE, partitions: this.options.partitions };
    this.run.push({ partition: null, key: SOURCE, record: { type: 'Watermark', value } });
    this.run.flush();
  }

  #refuse(what: string): void {
    if (!this.#refusing) this.options.warn(`series beyond the limits are left out, as by a spout: ${what}`);
    this.#refusing = true;
  }
}
