import { type Codec, CodecError } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { decodeBatch } from '../follow/scan.js';
import { topics } from '../stage/stage.js';
import { Fresh } from './fresh.js';

export interface ProgressOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
}

/** Event time up to which a source has brought everything, ms since the epoch. */
export interface SourceProgress {
  readonly source: string;
  readonly watermark: number;
}

/** Records from the end that are looked at, until a watermark is among them. */
const FIRST_LOOK = 200;
const LAST_LOOK = 100_000;

/** How far the sources have come: their last watermarks in the log, where each poll leaves one. */
export class Progress {
  #known: readonly SourceProgress[] = [];
  readonly #fresh: Fresh<readonly SourceProgress[]>;

  constructor(readonly options: ProgressOptions) {
    this.#fresh = new Fresh(options.monotonic, () => this.#look());
  }

  /** In order of their names. */
  sources(): Promise<readonly SourceProgress[]> {
    return this.#fresh.get();
  }

  async #look(): Promise<readonly SourceProgress[]> {
    const { log } = this.options;
    const { start, end } = await log.range(topics.metrics, 0);
    const found = new Map<string, number>();
    for (let look = FIRST_LOOK; found.size === 0; look *= 8) {
      const from = Math.max(start, end - look);
      await this.#scan(from, end, found);
      if (from === start || look > LAST_LOOK) break;
    }
    for (const { source, watermark } of this.#known)
      found.set(source, Math.max(watermark, found.get(source) ?? watermark));
    this.#known = [...found]
      .map(([source, watermark]) => ({ source, watermark }))
      .sort((a, b) => (a.source < b.source ? -1 : 1));
    return this.#known;
  }

  async #scan(from: number, end: number, found: Map<string, number>): Promise<void> {
    const { log, codec } = this.options;
    const reader = log.read(topics.metrics, 0, from);
    try {
      while (reader.position < end) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        for await (const { decoded } of decodeBatch(codec, batch, null)) {
          if (decoded.type !== 'Watermark') continue;
          const { source, timestamp } = decoded.value;
          found.set(source, Math.max(timestamp, found.get(source) ?? timestamp));
        }
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    } finally {
      await reader.close();
    }
  }
}
