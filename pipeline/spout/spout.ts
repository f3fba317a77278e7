import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { LOOKBACK, MAX_SKEW } from '../model/watermarks.js';
import { readCursor } from './cursor.js';
import type { Down, Poller, Say } from './poller.js';
import { TargetLog } from './target-log.js';
import { MetricsWriter } from './writer.js';

export interface SpoutOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly poller: Poller;
  /** Stable over restarts. */
  readonly name: string;
  /** ms */
  readonly interval: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly say: Say;
}

/** Polls, and writes what that brings to the log: samples by series, then a watermark to every partition. */
export class Spout {
  readonly #options: SpoutOptions;
  readonly #writer: MetricsWriter;
  readonly #targetLog: TargetLog;
  #clockAtStart = 0;
  #leapt = false;
  /** The promise that was written last, ms since the epoch. */
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(options: SpoutOptions) {
    this.#options = options;
    this.#writer = new MetricsWriter({ ...options, remembers: options.poller.remembers });
    this.#targetLog = new TargetLog(options);
  }

  /** What does not answer, with the reason. */
  get down(): readonly Down[] {
    return this.#options.poller.down;
  }

  /** Watermark of the last poll, ms since the epoch. */
  get watermark(): number | null {
    return Number.isFinite(this.#watermark) ? this.#watermark : null;
  }

  /** Samples that were not written, since their labels are beyond the limits. */
  get refused(): number {
    return this.#writer.refused;
  }

  /**
   * Runs until the signal is aborted; the poll that is under way is finished. Rejects with `Fenced` where
   * another spout of this name took over.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { interval, monotonic, pause } = this.#options;
    try {
      await this.start(signal);
      let next = monotonic();
      while (!signal.aborted) {
        await this.poll(signal);
        next = Math.max(next + interval, monotonic());
        await pause(next - monotonic(), signal);
      }
    } finally {
      await this.#writer.close();
      await this.#targetLog.ended();
    }
  }

  /**
   * Fences whoever wrote under this name, and goes on where that left off. The first record after a start is
   * a watermark there.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { poller, clock, monotonic, say } = this.#options;
    await this.#writer.open(signal);
    if (signal.aborted) return;
    const leftOff = await readCursor(this.#writer.tail(signal));
    if (signal.aborted) return;
    const { cursor } = leftOff;
    this.#clockAtStart = clock() - monotonic();
    const ahead = (cursor ?? Number.NEGATIVE_INFINITY) - clock();
    if (ahead > 0) {
      say(
        'error',
        `the log is ${Math.ceil(ahead / 1000)} s ahead of this machine's clock: set it right, or all is late until then`,
      );
    }
    this.#watermark = cursor ?? clock() - LOOKBACK;
    poller.begin(leftOff, this.#watermark);
    await this.#writer.write([], this.#watermark, signal);
  }

  async poll(signal: AbortSignal): Promise<void> {
    if (this.#hasLeapt()) return;
    const { poller } = this.#options;
    let knows = false;
    for await (const polled of poller.poll(signal)) {
      if (signal.aborted) return;
      await this.#writer.write(polled.samples, polled.watermark, signal);
      this.#watermark = polled.watermark;
      knows = true;
    }
    // Where nothing could be asked nothing is known of the targets either.
    if (knows) this.#targetLog.tell(poller.targets);
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
}
