import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { digest } from '../model/alert-record.js';
import { groupText } from '../model/text.js';
import { topics } from '../stage/stage.js';
import type { Notice } from './notice.js';

export interface WatchdogOptions {
  readonly log: EventLog;
  /** So long after the last window was closed, evaluation is stale, ms. */
  readonly staleAfter: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: (level: 'info' | 'warn', message: string) => void;
}

export const WATCHDOG = 'TidemarkWatchdog';
const labels = { alertname: WATCHDOG, severity: 'none' };
const annotations = {
  summary: 'Windows are closed, and alerts handed over. Where this is heard no more, that is so no more.',
};

/** Fires while windows are closed, so that its silence says that nobody judges any more. */
export class Watchdog {
  /** Since when it fires; null while it is silent. */
  #since: number | null = null;
  #told = true;

  constructor(readonly options: WatchdogOptions) {}

  get isFiring(): boolean {
    return this.#since !== null;
  }

  /** Null while evaluation is stale, or the log cannot say. */
  async beat(): Promise<Notice | null> {
    const { clock, say, staleAfter } = this.options;
    const alive = await this.#isAlive();
    if (alive !== this.#told)
      if (alive) say('info', 'windows are closed again: the watchdog fires');
      else say('warn', `no window was closed in the last ${staleAfter / 1_000} s: the watchdog is silent`);
    this.#told = alive;
    if (!alive) {
      this.#since = null;
      return null;
    }
    this.#since ??= clock();
    const fingerprint = digest(groupText(labels));
    const id = digest(`${WATCHDOG}\n{}\n${this.#since}\nfiring`);
    return { id, fingerprint, status: 'firing', labels, annotations, startsAt: this.#since, endsAt: null };
  }

  async #isAlive(): Promise<boolean> {
    const { log, clock, staleAfter } = this.options;
    const from = clock() - staleAfter;
    const topic = topics.windows;
    try {
      for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
        const first = await log.offsetAt(topic, partition, from);
        if (first < (await log.range(topic, partition)).end) return true;
      }
    } catch (error) {
      if (!(error instanceof LogError && error.retryable)) throw error;
    }
    return false;
  }
}
