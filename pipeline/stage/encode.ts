import type { Codec } from '../../platform/codec/codec.js';
import type { LogRecord, Output } from '../../platform/log/event-log.js';
import type { Produced } from './stage.js';

/** Records that are gathered for one place. */
export interface Encoded extends Output {
  readonly records: LogRecord[];
}

/** What a stage gave out as bytes, by topic and partition, in order; behind what was encoded before. */
export function encodeOutputs(
  codec: Codec,
  produced: readonly Produced[],
  outputs: Encoded[] = [],
): readonly Encoded[] {
  let last: (typeof outputs)[number] | undefined;
  for (const { topic, partition, key, record } of produced) {
    const here = (one: Output): boolean => one.partition === partition && one.topic === topic;
    // What goes to one place mostly comes together.
    if (last === undefined || !here(last)) last = outputs.find(here);
    if (last === undefined) {
      last = { topic, partition, records: [] };
      outputs.push(last);
    }
    last.records.push({ key: keyBytes(key), value: codec.encode(record.type, record.value) });
  }
  return outputs;
}

const MOST_KEYS = 10_000;
/** Groups have their windows again and again. */
const keys = new Map<string, Buffer>();

function keyBytes(key: string): Buffer {
  const known = keys.get(key);
  if (known !== undefined) return known;
  if (keys.size >= MOST_KEYS) keys.clear();
  const bytes = Buffer.from(key, 'utf8');
  keys.set(key, bytes);
  return bytes;
}
