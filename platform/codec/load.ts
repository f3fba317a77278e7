import { FRAME } from './avro.js';
import { type Codec, CodecError } from './codec.js';

/** The schema id in the frame of a value; null where there is no frame. */
export const schemaIdOf = (value: Buffer): number | null =>
  value.length >= FRAME && value[0] === 0 ? value.readUInt32BE(1) : null;

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
