import type { Codec } from '../../platform/codec/codec.js';
import type { Patience } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import { type EventLog, LogError, type LogReader } from '../../platform/log/event-log.js';
import type { AlertRecord } from '../../schemas/types.js';
import { byCodeUnits } from '../model/text.js';
import { decodeBatch } from './scan.js';

const TOPIC = 'alerts';
const WAIT_MS = 60_000;
const RETRY_MS = 1_000;

/** The alerts that are pending or firing now, followed from the beginning of the topic. */
export class ActiveAlerts {
  readonly #byFingerprint = new Map<string, AlertRecord>();
  #followers: Promise<unknown> = Promise.resolve();

  constructor(
    readonly log: EventLog,
    readonly codec: Codec,
    readonly patience: Patience,
    readonly onFatal: (error: unknown) => void,
  ) {}

  /** Resolves once all that is in the topic now has been read; follows it from then on. */
  async start(): Promise<void> {
    const partitions = await this.log.partitions(TOPIC);
    const followed = await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const { start, end } = await this.log.range(TOPIC, partition);
        let caughtUp: () => void = () => {};
        const ready = new Promise<void>((resolve) => {
          caughtUp = resolve;
        });
        return { ready, done: this.#follow({ partition, start, end, caughtUp }) };
      }),
    );
    this.#followers = Promise.all(followed.map(({ done }) => done)).catch(this.onFatal);
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
    start: number;
    end: number;
    caughtUp: () => void;
  }): Promise<void> {
    const reader = this.log.read(TOPIC, from.partition, from.start);
    const { signal } = this.patience;
    let at = from.start;
    while (!signal.aborted) {
      if (at >= from.end) from.caughtUp();
      const batch = await this.#pull(reader, at >= from.end ? WAIT_MS : 0);
      if (batch === undefined) continue;
      if (batch === null) {
        at = Math.max(at, from.end);
        continue;
      }
      at = batch.next;
      for await (const { decoded } of decodeBatch(this.codec, batch, this.patience)) {
        if (decoded.type === 'AlertRecord') this.#take(decoded.value);
      }
    }
    await reader.close();
  }

  /** The next batch; undefined where the log cannot be reached, which delays, and loses nothing. */
  async #pull(reader: LogReader, waitMs: number): Promise<Batch | null | undefined> {
    const { signal, warn, pause } = this.patience;
    try {
      return await reader.pull({ waitMs, signal });
    } catch (error) {
      if (!(error instanceof LogError && error.retryable)) throw error;
      warn(`${error.message}; trying again`);
      await pause(RETRY_MS, signal);
      return undefined;
    }
  }

  #take(record: AlertRecord): void {
    if (record.state === 'pending' || record.state === 'firing')
      this.#byFingerprint.set(record.fingerprint, record);
    else this.#byFingerprint.delete(record.fingerprint);
  }
}
