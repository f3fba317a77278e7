import { TranscodeError } from './transcoder.js';

export interface Bounds {
  /** An encode may take so long, ms. */
  readonly limitMs: number;
  /** One that gets no further for so long has stalled, ms. */
  readonly stallMs: number;
  /** It may fill so much, bytes. */
  readonly mostBytes: number;
}

/** Judges an encode by how far it has come, how long it takes, and how much it writes. Times are monotonic, ms. */
export class Watchdog {
  #furthest = 0;
  #movedAt: number;

  constructor(
    readonly bounds: Bounds,
    readonly startedAt: number,
  ) {
    this.#movedAt = startedAt;
  }

  /** It has encoded so many seconds; whether that is further than ever. */
  reached(seconds: number, now: number): boolean {
    if (!(seconds > this.#furthest)) return false;
    this.#furthest = seconds;
    this.#movedAt = now;
    return true;
  }

  /** Why it is to be killed; null while all is well. */
  verdict(now: number, bytes: number): TranscodeError | null {
    const { limitMs, stallMs, mostBytes } = this.bounds;
    if (bytes > mostBytes)
      return new TranscodeError(
        'TooLarge',
        `encoding wrote more than the ${mostBytes} bytes that are allowed`,
      );
    if (now - this.startedAt >= limitMs)
      return new TranscodeError('TimedOut', `encoding took longer than ${Math.round(limitMs / 1000)} s`);
    if (now - this.#movedAt >= stallMs)
      return new TranscodeError('Stalled', `encoding got no further for ${Math.round(stallMs / 1000)} s`);
    return null;
  }
}
