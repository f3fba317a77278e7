import type { TargetState } from '../../schemas/types.js';
import type { KeyedSample } from './births.js';
import type { LeftOff } from './cursor.js';

/** A sample as it goes to the log. */
export interface Taken extends Omit<KeyedSample, 'created'> {
  /** When it was scraped, ms since the epoch. */
  readonly timestamp: number;
  readonly startTimestamp: number | null;
}

/** What a poll brought: all of it is written before the watermark. */
export interface Polled {
  /** Those of one series in order of time. */
  readonly samples: readonly Taken[];
  /** No sample still to come reaches back before it, ms since the epoch. */
  readonly watermark: number;
}

export interface Down {
  readonly what: string;
  readonly reason: string;
}

/** One way of getting samples: scraping targets, or asking who scrapes them. */
export interface Poller {
  /** How much before its last watermark it must know what the log holds; null: nothing of it. */
  readonly remembers: number | null;
  /** Goes on where the log says that this source left off; `watermark` is the one that was promised last. */
  begin(leftOff: LeftOff, watermark: number): void;
  /** Each item is written before the next one is asked for. */
  poll(signal: AbortSignal): AsyncIterable<Polled>;
  /** How the targets are after a poll. */
  readonly targets: readonly TargetState[];
  /** What does not answer, with the reason. */
  readonly down: readonly Down[];
}

export type Say = (level: 'info' | 'warn' | 'error', message: string) => void;

/** Says once that something is down, and once that it is up again. */
export class Health {
  readonly #down = new Map<string, string>();

  constructor(readonly say: Say) {}

  get down(): readonly Down[] {
    return [...this.#down].map(([what, reason]) => ({ what, reason }));
  }

  report(name: string, problem: string | null): void {
    const before = this.#down.get(name);
    if (problem === null) {
      if (this.#down.delete(name)) this.say('info', `${name} is up again`);
    } else {
      if (before === undefined) this.say('warn', `${name}: ${problem}`);
      this.#down.set(name, problem);
    }
  }

  forget(name: string): void {
    this.#down.delete(name);
  }
}
