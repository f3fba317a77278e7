import type { Codec } from '../../platform/codec/codec.js';
import { traceIdOf } from '../../platform/http/trace-parent.js';
import { linkedAbort } from '../../platform/linked-abort.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { type Held, Lease } from '../../platform/store/lease.js';
import { type Store, toldByStore, type Write } from '../../platform/store/store.js';
import type { Lines } from '../../platform/telemetry/lines.js';
import type { VideoJob } from '../../schemas/types.js';
import { jobOutput, videoTopics } from '../jobs/topics.js';

export interface OutboxOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  readonly lines: Lines;
  /** Name of this replica: no two at a time may have the same. */
  readonly replica: string;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const PREFIX = 'outbox/';
/** How often to look for what another process left, and how long to wait after a failure, ms. */
const LOOK_MS = 1_000;
/** How long the jobs of a replica that has died wait for another to publish them, ms. */
const LEASE_MS = 5_000;

const keyOf = ({ createdAt, id }: Pick<VideoJob, 'createdAt' | 'id'>): string =>
  `${PREFIX}${String(createdAt).padStart(15, '0')}-${id}`;

/** The entry to write in the same transaction as the state that the job belongs to. */
export const outboxEntry = (job: VideoJob): Write => ({ key: keyOf(job), value: JSON.stringify(job) });

/** What takes a job back that may not have been published yet. */
export const outboxRemoval = (job: Pick<VideoJob, 'createdAt' | 'id'>): Write => ({
  key: keyOf(job),
  delete: true,
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
    const { store, replica: owner, log, monotonic: clock, pause, lines } = this.options;
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
          lines.warn(
            { component: 'vms' },
            `publishing jobs: ${error instanceof Error ? error.message : error}; trying again`,
          );
      }
      await pause(LOOK_MS, woken.signal);
    }
    await held?.release();
  }

  async #publish(partitions: number, lost: AbortSignal): Promise<void> {
    const { store, log, codec, lines } = this.options;
    for (;;) {
      const entries = await store.list(PREFIX, { limit: 100 });
      for (const { key, value } of entries) {
        if (lost.aborted) return;
        const job = JSON.parse(value) as VideoJob;
        await log.append(jobOutput(codec, job, partitions));
        const { id, video, requestId, traceparent } = job;
        lines.info(
          { component: 'vms', requestId, traceId: traceIdOf(traceparent), video, job: id },
          'job queued',
        );
        await store.transact([{ key, delete: true }]);
      }
      if (entries.length < 100) return;
    }
  }
}
