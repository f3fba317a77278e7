import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import { quantile } from './cost.js';
import type { Feed } from './feed.js';
import type { LatencyResult } from './latency.js';
import { Tail } from './tail.js';
import type { Sighting, Watcher } from './watchers.js';

const SCRAPES = 110;
/** Scrapes that are not counted: code is compiled, here and in the browser. */
const WARM_UP_SCRAPES = 30;
/** More scrapes, for what is still under way. */
const MORE_SCRAPES = 3;

/** From the call that appends the closing watermarks to the alert where people see it. */
export interface VisibleResult extends LatencyResult {
  readonly sees: Watcher['sees'];
}

interface Fired {
  readonly fingerprint: string;
  /** When the watermarks that closed its window were appended, by the wall clock, ms since the epoch. */
  readonly appended: number;
}

/** How long it takes from a closing watermark until each alert that fires by it is seen; both by one clock. */
export async function measureVisible(feed: Feed, codec: Codec, watcher: Watcher): Promise<VisibleResult> {
  const appended = new Map<number, number>();
  const fired: Fired[] = [];
  await using _alerts = await Tail.of(feed.log, topics.alerts, (value) => {
    const decoded = codec.decode(value);
    if (decoded.type !== 'AlertRecord' || decoded.value.state !== 'firing') return;
    const from = appended.get(decoded.value.windowEnd);
    if (from !== undefined) fired.push({ fingerprint: decoded.value.fingerprint, appended: from });
  });
  for (let scrape = 1; scrape <= SCRAPES + MORE_SCRAPES; scrape++) {
    const counts = scrape > WARM_UP_SCRAPES && scrape <= SCRAPES;
    await feed.scrape((windowEnd) => counts && appended.set(windowEnd, Date.now()));
  }
  const taken = delays(fired, await watcher.sightings());
  if (taken.length < SCRAPES - WARM_UP_SCRAPES) throw new Error(`only ${taken.length} alerts fired`);
  return {
    ...{ p50: quantile(taken, 0.5), p99: quantile(taken, 0.99) },
    ...{ alerts: taken.length, sees: watcher.sees },
  };
}

/** Each until it was first seen, ms. Throws where one never was. */
export function delays(fired: readonly Fired[], sightings: readonly Sighting[]): number[] {
  return fired.map(({ fingerprint, appended }) => {
    const seen = sightings.filter((one) => one.fingerprint === fingerprint && one.at >= appended);
    if (seen.length === 0) throw new Error(`alert ${fingerprint} was never seen`);
    return Math.min(...seen.map(({ at }) => at)) - appended;
  });
}
