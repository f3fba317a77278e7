import { FrameBatch } from '../platform/log/batch.js';
import { PULL_BYTES } from '../platform/log/lmdb/reader.js';
import { PARTITIONS, type Workload } from './workload.js';

export interface Batched {
  readonly partition: number;
  readonly batch: FrameBatch;
}

/** Batches as pulls of a backlog would give them. Their memory is used again, so that none is freed meanwhile. */
export class Batches {
  readonly #pool: FrameBatch[] = [];
  readonly #appended: ReturnType<Workload['appended']>;
  #used = 0;
  #offset = 0;

  constructor(workload: Workload) {
    this.#appended = workload.appended();
  }

  /** Batches with the next samples, at most so many; valid until the next call. None where all were taken. */
  take(most: number): { readonly batches: readonly Batched[]; readonly samples: number } {
    const batches: Batched[] = [];
    const open: (FrameBatch | null)[] = Array.from({ length: PARTITIONS }, () => null);
    let samples = 0;
    this.#used = 0;
    while (samples < most) {
      const { value: next, done } = this.#appended.next();
      if (done) break;
      const { partition, record, sample } = next;
      if (sample) samples++;
      const size = 24 + (record.key?.length ?? 0) + record.value.length;
      let batch = open[partition] ?? null;
      if (batch === null || batch.size + size > PULL_BYTES) {
        batch = this.#empty();
        open[partition] = batch;
        batches.push({ partition, batch });
      }
      batch.push(record, this.#offset++, 0);
    }
    return { batches, samples };
  }

  #empty(): FrameBatch {
    const batch = this.#pool[this.#used] ?? new FrameBatch(PULL_BYTES);
    this.#pool[this.#used++] = batch;
    batch.clear();
    return batch;
  }
}
