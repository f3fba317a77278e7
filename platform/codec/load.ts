import type { Batch } from '../log/batch.js';
import { FRAME } from './avro.js';
import { type Codec, CodecError, type Decoder } from './codec.js';

/** The schema id in the frame of a value; null where there is no frame. */
export const schemaIdOf = (value: Buffer): number | null =>
  value.length >= FRAME && value[0] === 0 ? value.readUInt32BE(1) : null;

/** Loads every schema in the batch that is not known yet, and rewinds it. */
export async function loadUnknown(
  codec: Decoder,
  batch: Batch,
  load: (id: number) => Promise<unknown>,
): Promise<void> {
  if (!codec.grows) return;
  let last = -1;
  while (batch.advance()) {
    const { bytes, valueStart, valueEnd } = batch;
    if (valueEnd - valueStart < FRAME || bytes[valueStart] !== 0) continue;
    const id = bytes.readUInt32BE(valueStart + 1);
    if (id !== last && codec.typeOf(id) === undefined) await load(id);
    last = id;
  }
  batch.rewind();
}

export interface Patience {
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/**
 * Makes the id known if there is such a schema, however long that cannot be found out: an outage delays
 * records and drops none. Rejects with `Aborted` by the signal.
 */
export async function loadPatiently(
  codec: Codec,
  id: number,
  { pause, warn, signal }: Patience,
): Promise<boolean> {
  for (let retry = FIRST_RETRY_MS; ; retry = Math.min(LAST_RETRY_MS, retry * 2)) {
    try {
      return await codec.load(id);
    } catch (error) {
      if (!(error instanceof CodecError && error.retryable)) throw error;
      if (signal.aborted) throw new CodecError('Aborted', `gave up: ${error.message}`, { cause: error });
      warn(`${error.message}; trying again in ${retry / 1000} s`);
      await pause(retry, signal);
    }
  }
}
