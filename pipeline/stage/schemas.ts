import type { Codec } from '../../platform/codec/codec.js';
import type { Batch } from '../../platform/log/batch.js';

/** Operators cannot wait: schemas that are not known yet are loaded ahead of them. */
export async function loadSchemas(codec: Codec, batch: Batch): Promise<void> {
  if (!codec.grows) return;
  let last = -1;
  while (batch.advance()) {
    const { bytes, valueStart, valueEnd } = batch;
    if (valueEnd - valueStart < 5 || bytes[valueStart] !== 0) continue;
    const id = bytes.readUInt32BE(valueStart + 1);
    if (id !== last && codec.typeOf(id) === undefined) await codec.load(id);
    last = id;
  }
  batch.rewind();
}
