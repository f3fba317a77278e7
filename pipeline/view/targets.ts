import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { TargetState, TargetStates } from '../../schemas/types.js';
import { decodeBatch } from '../follow/scan.js';
import { LOOKBACK } from '../model/watermarks.js';
import { topics } from '../stage/stage.js';
import { Fresh } from './fresh.js';

export interface TargetsOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
}

/** A target as its source told of it. */
export interface TargetStatus extends TargetState {
  readonly source: string;
  readonly up: boolean;
  /** When it was told, ms since the epoch. */
  readonly at: number;
}

/** Records from the end that are looked at: each poll of each source leaves one. */
const LOOK = 200;

/** How the targets are: what each source told last, in the log. */
export class Targets {
  readonly #fresh: Fresh<readonly TargetStatus[]>;

  constructor(readonly options: TargetsOptions) {
    this.#fresh = new Fresh(options.monotonic, () => this.#look());
  }

  /** By source, in the source's order. One that was silent for a lookback while others told is not there any more. */
  newest(): Promise<readonly TargetStatus[]> {
    return this.#fresh.get();
  }

  async #look(): Promise<readonly TargetStatus[]> {
    const { log, codec } = this.options;
    const { start, end } = await log.range(topics.targets, 0);
    const found = new Map<string, TargetStates>();
    const reader = log.read(topics.targets, 0, Math.max(start, end - LOOK));
    try {
      while (reader.position < end) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        for await (const { decoded } of decodeBatch(codec, batch, null))
          if (decoded.type === 'TargetStates') found.set(decoded.value.source, decoded.value);
      }
    } finally {
      await reader.close();
    }
    const newest = Math.max(...[...found.values()].map(({ timestamp }) => timestamp));
    return [...found.values()]
      .filter(({ timestamp }) => newest - timestamp <= LOOKBACK)
      .sort((a, b) => (a.source < b.source ? -1 : 1))
      .flatMap(({ source, timestamp: at, targets }) =>
        targets.map((target) => ({ source, ...target, up: target.problem === null, at })),
      );
  }
}
