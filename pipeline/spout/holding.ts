import { LOOKBACK } from '../model/watermarks.js';

/** When a target was last scraped well, and the distance of the last two good scrapes, ms. */
export interface Hold {
  readonly at: number;
  readonly interval: number;
}

/** A silent target holds progress back for so many of its scrape intervals; and never for longer than any reaches. */
const INTERVALS = 3;

/** The hold after a good scrape. */
export const held = (before: Hold | null, at: number, configured: number): Hold => ({
  at,
  interval: before ? at - before.at : configured,
});

/**
 * The promise after a poll that began at `at`: no sample still to come reaches back before it. The least
 * of where each target answered (`at`) or still holds; a target that is silent for too long holds no more.
 */
export function promise(at: number, holds: readonly (Hold | null)[]): number {
  let least = at;
  for (const hold of holds)
    if (hold && at - hold.at <= Math.min(INTERVALS * hold.interval, LOOKBACK))
      least = Math.min(least, hold.at);
  return least;
}
