import type { Labels } from '../model/matcher.js';

/** Raw samples of one series, in order of time. */
export interface RawSeries {
  readonly name: string;
  /** Without the name. */
  readonly labels: Labels;
  /** When they were scraped, ms since the epoch. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Sums of observations where the values count them; else the series of the sums is another one. */
  readonly sums?: readonly number[];
}

/**
 * Somebody who scrapes, and keeps what was scraped. Whatever it knows of a scrape it knows of all its series,
 * `up` among them. Rejects with a message for people when it is down or slow, or answers in part.
 */
export interface SampleSource {
  /** The clock that its times are of, ms since the epoch. */
  clock(signal: AbortSignal): Promise<number>;
  /** Targets that it knows at the time: the labels that all of their series have. */
  targets(at: number, signal: AbortSignal): Promise<readonly Labels[]>;
  /** All samples of all series with one of the names, behind `from`, and perhaps at it, up to `to`. */
  samples(
    names: readonly string[],
    range: { readonly from: number; readonly to: number },
    signal: AbortSignal,
  ): Promise<readonly RawSeries[]>;
}
