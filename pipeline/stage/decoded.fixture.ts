import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { AlertRecord, DeadLetter, PartialBatch, WindowRecord } from '../../schemas/types.js';
import type { Produced } from './stage.js';

export const codec = embeddedCodec();

export interface Outputs {
  readonly batches: readonly PartialBatch[];
  readonly windows: readonly WindowRecord[];
  readonly alerts: readonly AlertRecord[];
  readonly letters: readonly DeadLetter[];
}

/** What a stage gave out, as a reader of the log sees it: encoded, and decoded again. */
export function decoded(produced: readonly Produced[]): Outputs {
  const records = produced.map(({ record }) => codec.decode(codec.encode(record.type, record.value)));
  return {
    batches: records.flatMap((one) => (one.type === 'PartialBatch' ? [one.value] : [])),
    windows: records.flatMap((one) => (one.type === 'WindowRecord' ? [one.value] : [])),
    alerts: records.flatMap((one) => (one.type === 'AlertRecord' ? [one.value] : [])),
    letters: records.flatMap((one) => (one.type === 'DeadLetter' ? [one.value] : [])),
  };
}
