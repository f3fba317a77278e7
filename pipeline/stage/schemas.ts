import { loadPatiently, type Patience } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import type { OwnedPartition } from '../../platform/log/event-log.js';
import type { RunOptions } from './options.js';

/** Operators cannot wait: schemas that are not known yet are loaded ahead of them, however long that takes. */
export async function loadSchemas(
  batch: Batch,
  { topic, partition, lost }: OwnedPartition,
  { codec, pause, warn }: RunOptions,
): Promise<void> {
  if (!codec.grows) return;
  const patience: Patience = {
    pause,
    warn: (message) => warn(`${topic}/${partition}: ${message}`),
    signal: lost,
  };
  let last = -1;
  while (batch.advance()) {
    const { bytes, valueStart, valueEnd } = batch;
    if (valueEnd - valueStart < 5 || bytes[valueStart] !== 0) continue;
    const id = bytes.readUInt32BE(valueStart + 1);
    if (id !== last && codec.typeOf(id) === undefined) await loadPatiently(codec, id, patience);
    last = id;
  }
  batch.rewind();
}
