import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog, LogRecord } from '../platform/log/event-log.js';
import { SERIES, Workload } from './workload.js';

/** ms */
const WINDOW = 5_000;
/** Of one group in ten the mean is as often above as below: at every window some of them fire or resolve. */
export const FLAPPING_RULES = `version: 1
slas:
  - alert: Slow
    by: [service, route]
    window: ${WINDOW / 1000}s
    when: mean_latency > 60ms
`;
/** Wall time between two scrapes: everything has come to rest before the next one, ms. */
const PACE_MS = 500;
const SCRAPES_AT_MOST = 10_000;

/** A source that scrapes as in life, one scrape after the other; each closes one window. */
export class Feed {
  readonly #workload: Workload;

  constructor(
    readonly log: EventLog,
    codec: Codec,
  ) {
    this.#workload = new Workload(codec, { seed: 1, order: 'fixed', records: SCRAPES_AT_MOST * SERIES });
  }

  /**
   * Appends the samples of a scrape, then its watermarks. `onClosing` is told before these of the end of the
   * window that they close, ms since the epoch.
   */
  async scrape(onClosing: (windowEnd: number) => void): Promise<void> {
    const parts = this.#workload.next();
    if (parts === null) throw new Error(`no more than ${SCRAPES_AT_MOST} scrapes`);
    const paced = sleep(PACE_MS);
    const append = (partition: number, records: readonly LogRecord[]): Promise<unknown> =>
      this.log.append({ topic: topics.metrics, partition, records });
    await Promise.all(parts.map(({ partition, records }) => append(partition, records.slice(0, -1))));
    onClosing(Math.floor((parts[0]?.at ?? 0) / WINDOW) * WINDOW);
    await Promise.all(parts.map(({ partition, records }) => append(partition, records.slice(-1))));
    await paced;
  }
}
