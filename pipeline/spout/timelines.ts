import type { Labels } from '../model/matcher.js';
import { groupText } from '../model/text.js';
import type { Hold } from './holding.js';
import type { RawSeries } from './sample-source.js';

/** The interval of a target of which one scrape alone is known: what Prometheus scrapes by, unless told, ms. */
const USUAL_INTERVAL = 60_000;

/** One target, and when it was scraped. */
export interface Timeline {
  /** Identity of the target. */
  readonly key: string;
  readonly labels: Labels;
  /** Times of the scrapes that it answered, in order, ms. */
  readonly good: readonly number[];
  /** Whether it answered the last one. */
  readonly up: boolean;
  readonly hold: Hold | null;
}

export const targetKey = (labels: Labels): string => groupText(labels);

/** The timeline of a target out of its `up` samples: 1 for a scrape that it answered. */
export function timelineOf({ labels, times, values }: RawSeries): Timeline {
  const good = times.filter((_, i) => values[i] === 1);
  const [last, before] = [good.at(-1), good.at(-2)];
  const [lastAsked, askedBefore] = [times.at(-1), times.at(-2)];
  const asked =
    lastAsked !== undefined && askedBefore !== undefined ? lastAsked - askedBefore : USUAL_INTERVAL;
  return {
    key: targetKey(labels),
    labels,
    good,
    up: values.at(-1) === 1,
    hold: last === undefined ? null : { at: last, interval: before === undefined ? asked : last - before },
  };
}

/** Finds the target that a series comes from: the one whose labels it has. */
export function targetFinder(timelines: readonly Timeline[]): (labels: Labels) => Timeline | null {
  const places = new Map<string, Timeline[]>();
  const placeOf = ({ job = '', instance = '' }: Labels): string => `${job}\n${instance}`;
  for (const one of timelines) {
    const place = placeOf(one.labels);
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  return (labels) =>
    places
      .get(placeOf(labels))
      ?.find((one) => Object.entries(one.labels).every(([name, value]) => labels[name] === value)) ?? null;
}
