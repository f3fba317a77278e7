import type { EventLog, Offset } from '../../platform/log/event-log.js';
import type { AlertRecord } from '../../schemas/types.js';
import { byCodeUnits } from '../model/text.js';
import type { SharedTopic } from './shared-topic.js';

export interface ActiveAlertsOptions {
  readonly log: EventLog;
  readonly topic: SharedTopic;
  /** Ends following. */
  readonly signal: AbortSignal;
  readonly onFatal: (error: unknown) => void;
}

/** The alerts that are pending or firing now, followed from the beginning of the topic. */
export class ActiveAlerts {
  readonly #byFingerprint = new Map<string, AlertRecord>();
  #followers: Promise<unknown> = Promise.resolve();

  constructor(readonly options: ActiveAlertsOptions) {}

  /** Resolves once all that is in the topic now has been read; follows it from then on. */
  async start(): Promise<void> {
    const { log, topic, onFatal } = this.options;
    const name = topic.options.topic;
    const followed = await Promise.all(
      Array.from({ length: await log.partitions(name) }, async (_, partition) => {
        const { start, end } = await log.range(name, partition);
        let caughtUp: () => void = () => {};
        const ready = new Promise<void>((resolve) => {
          caughtUp = resolve;
        });
        return { ready, done: this.#follow({ partition, start, end, caughtUp }) };
      }),
    );
    this.#followers = Promise.all(followed.map(({ done }) => done)).catch(onFatal);
    await Promise.all(followed.map(({ ready }) => ready));
  }

  /** Firing first, then by name and group. */
  list(): readonly AlertRecord[] {
    return [...this.#byFingerprint.values()].sort(
      (a, b) =>
        byCodeUnits(a.state, b.state) ||
        byCodeUnits(a.alert, b.alert) ||
        byCodeUnits(a.fingerprint, b.fingerprint),
    );
  }

  /** Resolves once nothing is followed any more, after the signal. */
  async ended(): Promise<void> {
    await this.#followers;
  }

  async #follow(from: {
    partition: number;
    start: Offset;
    end: Offset;
    caughtUp: () => void;
  }): Promise<void> {
    const { topic, signal } = this.options;
    let at = from.start;
    if (at >= from.end) from.caughtUp();
    for await (const { entries, next } of topic.follow(from.partition, at, signal)) {
      for (const { decoded } of entries) if (decoded.type === 'AlertRecord') this.#take(decoded.value);
      if (next >= from.end || next === at) from.caughtUp();
      at = next;
    }
  }

  #take(record: AlertRecord): void {
    if (record.state === 'pending' || record.state === 'firing')
      this.#byFingerprint.set(record.fingerprint, record);
    else this.#byFingerprint.delete(record.fingerprint);
  }
}
