import { printLine } from '../pipeline/backtest/json-lines.js';
import type { Decoder } from '../platform/codec/codec.js';
import { schemaIdOf } from '../platform/codec/load.js';
import type { Batch } from '../platform/log/batch.js';
import type { EventLog } from '../platform/log/event-log.js';
import { batchesOf, partsOf } from './log-parts.js';

export interface ExportOptions {
  readonly log: EventLog;
  readonly codec: Decoder;
  readonly topic: string;
  /** Resolves when the line is taken. */
  readonly print: (line: string) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** Prints what is in a topic when it begins as JSON lines, partition by partition. */
export async function exportTopic(options: ExportOptions): Promise<void> {
  const { log, topic, print } = options;
  for (const part of await partsOf(log, topic)) {
    for await (const batch of batchesOf(log, part)) {
      while (batch.advance() && batch.offset < part.end) {
        const line = await lineOf(options, part.partition, batch);
        if (line !== null) await print(line);
      }
    }
  }
}

/** Null for what is no record of this topic: a checkpoint, or what nobody can read. */
async function lineOf(
  { codec, topic, warn }: ExportOptions,
  partition: number,
  { bytes, offset, keyStart, keyEnd, valueStart, valueEnd }: Batch,
): Promise<string | null> {
  const value = bytes.subarray(valueStart, valueEnd);
  const id = schemaIdOf(value);
  if (id !== null && codec.grows && codec.typeOf(id) === undefined) await codec.load(id);
  try {
    const decoded = codec.decode(value);
    if (decoded.type === 'StageState') return null;
    const key = keyStart < 0 ? null : bytes.toString('utf8', keyStart, keyEnd);
    return printLine({ topic, partition, offset, key }, decoded);
  } catch (error) {
    warn(`${topic}/${partition} offset ${offset}: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
