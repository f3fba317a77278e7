import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import { quantile } from './cost.js';
import type { Feed } from './feed.js';
import { Tail } from './tail.js';

const SCRAPES = 150;
/** Scrapes that are not counted: code is compiled, connections are opened. */
const WARM_UP_SCRAPES = 30;
/** More scrapes, for what is still under way. */
const MORE_SCRAPES = 5;

/** From the call that appends the closing watermarks to the alert in a reader's hands. */
export interface LatencyResult {
  /** ms */
  readonly p50: number;
  /** ms */
  readonly p99: number;
  /** Alert records that were timed. */
  readonly alerts: number;
}

/** How long a running pipeline takes from a closing watermark to the alerts that it decides. */
export async function measureLatency(feed: Feed, codec: Codec): Promise<LatencyResult> {
  const appended = new Map<number, number>();
  const taken: number[] = [];
  await using _alerts = await Tail.of(feed.log, topics.alerts, (value, at) => {
    const decoded = codec.decode(value);
    const from = decoded.type === 'AlertRecord' ? appended.get(decoded.value.windowEnd) : undefined;
    if (from !== undefined) taken.push(at - from);
  });
  for (let scrape = 1; scrape <= SCRAPES + MORE_SCRAPES; scrape++) {
    const counts = scrape > WARM_UP_SCRAPES && scrape <= SCRAPES;
    await feed.scrape((windowEnd) => counts && appended.set(windowEnd, performance.now()));
  }
  if (taken.length < SCRAPES) throw new Error(`only ${taken.length} alerts came`);
  return { p50: quantile(taken, 0.5), p99: quantile(taken, 0.99), alerts: taken.length };
}
