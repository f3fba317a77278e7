import { loadPatiently, loadUnknown, type Patience } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import type { OwnedPartition } from '../../platform/log/event-log.js';
import type { RunOptions } from './options.js';

/** Operators cannot wait: schemas that are not known yet are loaded ahead of them, however long that takes. */
export async function loadSchemas(
  batch: Batch,
  { topic, partition, lost }: OwnedPartition,
  { codec, pause, warn }: RunOptions,
): Promise<void> {
  const patience: Patience = {
    pause,
    warn: (message) => warn(`${topic}/${partition}: ${message}`),
    signal: lost,
  };
  await loadUnknown(codec, batch, (id) => loadPatiently(codec, id, patience));
}
