import { printLine } from '../pipeline/backtest/json-lines.js';
import type { Decoder } from '../platform/codec/codec.js';
import { schemaIdOf } from '../platform/codec/load.js';
import type { Batch } from '../platform/log/batch.js';
import { type EventLog, LogError, type Offset } from '../platform/log/event-log.js';
import { topicNames } from './topics.js';
import { UsageError } from './usage-error.js';

export interface ExportOptions {
  readonly log: EventLog;
  readonly codec: Decoder;
  readonly topic: string;
  /** Resolves when the line is taken. */
  readonly print: (line: string) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** A pull waits so long for what an open transaction hides, ms. */
const WAIT_MS = 1_000;
/** So many in vain are enough: a transaction that is left alone is ended long before. */
const MOST_WAITS = 120;

/** Prints what is in a topic when it begins as JSON lines, partition by partition. */
export async function exportTopic(options: ExportOptions): Promise<void> {
  const { log, topic, print } = options;
  const ranges = await rangesOf(log, topic);
  for (const [partition, range] of ranges.entries()) {
    for await (const batch of recordsOf(log, { topic, partition, ...range })) {
      const line = await lineOf(options, partition, batch);
      if (line !== null) await print(line);
    }
  }
}

async function rangesOf(log: EventLog, topic: string): Promise<{ start: Offset; end: Offset }[]> {
  const partitions = await log.partitions(topic).catch((error: unknown) => {
    if (!(error instanceof LogError && error.code === 'UnknownTopic')) throw error;
    throw new UsageError(`there is no topic ${topic} in this log: give one of ${topicNames.join(', ')}`);
  });
  const ranges: { start: Offset; end: Offset }[] = [];
  for (let partition = 0; partition < partitions; partition++) ranges.push(await log.range(topic, partition));
  return ranges;
}

interface Part {
  readonly topic: string;
  readonly partition: number;
  readonly start: Offset;
  readonly end: Offset;
}

/** A batch with its cursor at each record in turn. */
async function* recordsOf(log: EventLog, { topic, partition, start, end }: Part): AsyncGenerator<Batch> {
  const reader = log.read(topic, partition, start);
  try {
    for (let waits = 0; reader.position < end; ) {
      const before = reader.position;
      const batch = await reader.pull({ waitMs: waits === 0 ? 0 : WAIT_MS });
      // What is no record, the marker of a commit for one, moves it too.
      if (reader.position > before) waits = 0;
      else if (++waits > MOST_WAITS)
        throw new LogError(
          'Unreadable',
          `${topic}/${partition}: a transaction that does not end hides all from offset ${before} on; ` +
            'once its writer has ended, kafka-transactions.sh find-hanging and abort end it',
        );
      while (batch?.advance() && batch.offset < end) yield batch;
    }
  } finally {
    await reader.close();
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
