import { LOOKBACK } from '../model/watermarks.js';
import type { ScrapedSample } from './metric-source.js';

/** A sample with its key and labels as they go to the log. */
export interface KeyedSample extends Omit<ScrapedSample, 'created'> {
  readonly key: string;
  readonly created: number | null;
}

/** What is remembered of a target's last good scrape. */
export interface GoodScrape {
  /** When, ms since the epoch. */
  readonly at: number;
  readonly processStart: number | null;
  /** Family and start of every series, by key. */
  readonly series: ReadonlyMap<string, { readonly family: string; readonly start: number | null }>;
}

export interface BirthContext {
  readonly at: number;
  readonly processStart: number | null;
  readonly previous: GoodScrape | null;
  /** Until when a series may have been counted already, ms; -Infinity where it was not. */
  readonly counted: (key: string) => number;
  /** Watermark that was written last, ms. */
  readonly promised: number;
}

/** A clock that was set by a hair is no restart, ms. */
const MOVED = 1000;

/**
 * Since when each series counts, ms; null where that is not known, none for a gauge. A series that its target's last good
 * scrape lacked began there, unless others of its family vanished with it: then it was relabelled.
 */
export function startsOf(
  samples: readonly KeyedSample[],
  context: BirthContext,
): ReadonlyMap<string, number | null> {
  const { at, processStart, previous, counted } = context;
  const starts = new Map<string, number | null>();
  const vanished = previous ? vanishedFamilies(samples, previous) : new Set<string>();
  const restarted =
    previous !== null &&
    processStart !== null &&
    previous.processStart !== null &&
    processStart > previous.processStart + MOVED;
  for (const { key, name, created, type } of samples) {
    if (type === 'gauge') continue;
    const before = previous?.series.get(key);
    const told = created ?? (restarted || !previous ? processStart : null);
    if (!previous)
      starts.set(key, told !== null && told <= at && told > counted(key) ? notLate(told, context) : null);
    else if (!before)
      starts.set(key, vanished.has(name) && !restarted ? null : clamp(told ?? previous.at, previous.at, at));
    else if (restarted || (created !== null && before.start !== null && created > before.start + MOVED)) {
      starts.set(key, clamp(told ?? previous.at, previous.at + 1, at));
    } else starts.set(key, before.start);
  }
  return starts;
}

/** What a target counted before it was found counts since the watermark before: what is closed is closed. */
function notLate(start: number, { at, promised }: BirthContext): number {
  return at - start <= LOOKBACK ? Math.min(at, Math.max(start, promised)) : start;
}

function vanishedFamilies(samples: readonly KeyedSample[], previous: GoodScrape): Set<string> {
  const here = new Set(samples.map(({ key }) => key));
  const gone = new Set<string>();
  for (const [key, { family }] of previous.series) if (!here.has(key)) gone.add(family);
  return gone;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
