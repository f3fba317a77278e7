import type { Codec } from '../../platform/codec/codec.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { Store, Write } from '../../platform/store/store.js';
import type { VideoJob } from '../../schemas/types.js';
import { jobOutput, videoTopics } from '../jobs/topics.js';

export interface OutboxOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
}

const PREFIX = 'outbox/';
/** How often to look for what another process left, and how long to wait after a failure, ms. */
const LOOK_MS = 1_000;

/** The entry to write in the same transaction as the state that the job belongs to. */
export const outboxEntry = (job: VideoJob): Write => ({
  key: `${PREFIX}${String(job.createdAt).padStart(15, '0')}-${job.id}`,
  value: JSON.stringify(job),
});

/**
 * Publishes the jobs of the outbox in order of time. One that was published just before a crash is
 * published again: whoever processes it knows it by its id.
 */
export class OutboxRelay {
  #wake: () => void = () => undefined;

  constructor(readonly options: OutboxOptions) {}

  /** Says that there is something new. */
  wake(): void {
    this.#wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, pause, warn } = this.options;
    let partitions = 0;
    while (!signal.aborted) {
      using woken = linkedAbort(signal);
      this.#wake = () => woken.abort();
      try {
        partitions ||= await log.partitions(videoTopics.jobs);
        await this.#publish(partitions);
      } catch (error) {
        warn(`publishing jobs: ${error instanceof Error ? error.message : error}; trying again`);
      }
      await pause(LOOK_MS, woken.signal);
    }
  }

  async #publish(partitions: number): Promise<void> {
    const { store, log, codec } = this.options;
    for (;;) {
      const entries = await store.list(PREFIX, { limit: 100 });
      for (const { key, value } of entries) {
        await log.append(jobOutput(codec, JSON.parse(value) as VideoJob, partitions));
        await store.transact([{ key, delete: true }]);
      }
      if (entries.length < 100) return;
    }
  }
}
