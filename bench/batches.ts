import { FrameBatch } from '../platform/log/batch.js';
import { PULL_BYTES } from '../platform/log/lmdb/reader.js';
import { PARTITIONS, type Workload } from './workload.js';

export interface Batched {
  readonly partition: number;
  readonly batch: FrameBatch;
}

/** What so many scrapes append, as batches in the order in which they would be pulled on a backlog. */
export function takeBatches(workload: Workload, scrapes: number): { batches: Batched[]; samples: number } {
  const batches: Batched[] = [];
  const open = Array.from({ length: PARTITIONS }, () => new FrameBatch(PULL_BYTES));
  let samples = 0;
  const close = (partition: number): void => {
    const batch = open[partition];
    if (!batch || batch.count === 0) return;
    batches.push({ partition, batch });
    open[partition] = new FrameBatch(PULL_BYTES);
  };
  for (let scrape = 0; scrape < scrapes; scrape++) {
    const parts = workload.next();
    if (parts === null) break;
    for (const { partition, records, samples: more } of parts) {
      samples += more;
      for (const record of records) {
        const size = 24 + (record.key?.length ?? 0) + record.value.length;
        if ((open[partition]?.size ?? 0) + size > PULL_BYTES) close(partition);
        open[partition]?.push(record, scrape, 0);
      }
    }
  }
  for (let partition = 0; partition < PARTITIONS; partition++) close(partition);
  return { batches, samples };
}
