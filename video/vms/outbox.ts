import type { Codec } from '../../platform/codec/codec.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { type Held, Lease } from '../../platform/store/lease.js';
import { type Store, toldByStore, type Write } from '../../platform/store/store.js';
import type { VideoJob } from '../../schemas/types.js';
import { jobOutput, videoTopics } from '../jobs/topics.js';

export interface OutboxOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  /** Name of this replica: no two at a time may have the same. */
  readonly replica: string;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
}

const PREFIX = 'outbox/';
/** How often to look for what another process left, and how long to wait after a failure, ms. */
const LOOK_MS = 1_000;
/** How long the jobs of a replica that has died wait for another to publish them, ms. */
const LEASE_MS = 5_000;

/** The entry to write in the same transaction as the state that the job belongs to. */
export const outboxEntry = (job: VideoJob): Write => ({
  key: `${PREFIX}${String(job.createdAt).padStart(15, '0')}-${job.id}`,
  value: JSON.stringify(job),
});

/**
 * Publishes the jobs of the outbox in order of time; of several replicas the one that has the lease does.
 * A job that was published just before a crash, or just as the lease was lost, is published again: whoever
 * processes it knows it by its id.
 */
export class OutboxRelay {
  #wake: () => void = () => undefined;

  constructor(readonly options: OutboxOptions) {}

  /** Says that there is something new. */
  wake(): void {
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, replica: owner, log, monotonic: clock, pause, warn } = this.options;
    const lease = new Lease({ store, key: 'lease/outbox', owner, lastsMs: LEASE_MS, clock, pause });
    let held: Held | null = null;
    let partitions = 0;
    while (!signal.aborted) {
      using woken = linkedAbort(signal);
      this.#wake = () => woken.abort();
      try {
        if (held === null || held.lost.aborted) held = await lease.take();
        partitions ||= await log.partitions(videoTopics.jobs);
        if (held) await this.#publish(partitions, held.lost);
      } catch (error) {
        if (!toldByStore(error))
          warn(`publishing jobs: ${error instanceof Error ? error.message : error}; trying again`);
      }
      await pause(LOOK_MS, woken.signal);
    }
    await held?.release();
  }

  async #publish(partitions: number, lost: AbortSignal): Promise<void> {
    const { store, log, codec } = this.options;
    for (;;) {
      const entries = await store.list(PREFIX, { limit: 100 });
      for (const { key, value } of entries) {
        if (lost.aborted) return;
        await log.append(jobOutput(codec, JSON.parse(value) as VideoJob, partitions));
        await store.transact([{ key, delete: true }]);
      }
      if (entries.length < 100) return;
    }
  }
}
