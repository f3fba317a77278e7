import type { Codec } from '../../platform/codec/codec.js';
import type { LogRecord, Output } from '../../platform/log/event-log.js';
import type { Produced } from './stage.js';

/** What a stage gave out as bytes, by topic and partition, in order. */
export function encodeOutputs(codec: Codec, produced: readonly Produced[]): readonly Output[] {
  const outputs = new Map<string, Output & { readonly records: LogRecord[] }>();
  for (const { topic, partition, key, record } of produced) {
    const place = `${topic}/${partition}`;
    let output = outputs.get(place);
    if (!output) {
      output = { topic, partition, records: [] };
      outputs.set(place, output);
    }
    output.records.push({ key: Buffer.from(key, 'utf8'), value: codec.encode(record.type, record.value) });
  }
  return [...outputs.values()];
}
