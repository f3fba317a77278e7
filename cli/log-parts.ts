import type { Batch } from '../platform/log/batch.js';
import { type EventLog, LogError, type Offset } from '../platform/log/event-log.js';
import { topicNames } from './topics.js';
import { UsageError } from './usage-error.js';

/** A pull waits so long for what an open transaction hides, ms. */
const WAIT_MS = 1_000;
/** So many in vain are enough: a transaction that is left alone is ended long before. */
const MOST_WAITS = 120;

/** A part of a topic, from the first offset up to, and without, the last. */
export interface Part {
  readonly topic: string;
  readonly partition: number;
  readonly start: Offset;
  readonly end: Offset;
}

/** What is in each partition of a topic now; throws `UsageError` where there is no such topic. */
export async function partsOf(log: EventLog, topic: string): Promise<readonly Part[]> {
  const partitions = await log.partitions(topic).catch((error: unknown) => {
    if (!(error instanceof LogError && error.code === 'UnknownTopic')) throw error;
    throw new UsageError(`there is no topic ${topic} in this log: give one of ${topicNames.join(', ')}`);
  });
  const parts: Part[] = [];
  for (let partition = 0; partition < partitions; partition++)
    parts.push({ topic, partition, ...(await log.range(topic, partition)) });
  return parts;
}

/** The batches of a part, each valid until the next; the last may go beyond its end. */
export async function* batchesOf(
  log: EventLog,
  { topic, partition, start, end }: Part,
): AsyncGenerator<Batch, undefined> {
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
      if (batch) yield batch;
    }
  } finally {
    await reader.close();
  }
}
