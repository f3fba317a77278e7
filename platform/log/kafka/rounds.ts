import type { ICustomPartitioner, Message, TopicMessages } from 'kafkajs';
import type { LogRecord, Output } from '../event-log.js';

/** A record batch holds at most so much, unless one record alone is larger, bytes. */
const BATCH_BYTES = 512 * 1024;
const RECORD_OVERHEAD = 64;

const sizeOf = ({ key, value }: LogRecord): number => (key?.length ?? 0) + value.length + RECORD_OVERHEAD;

/** Whether a record makes a batch of its own, larger than any other, which the broker may refuse. */
export const isLarge = ({ records }: Output): boolean =>
  records.some((record) => sizeOf(record) > BATCH_BYTES);

export const placeOf = ({ topic, partition }: Pick<Output, 'topic' | 'partition'>): string =>
  `${topic}/${partition}`;

export interface Round {
  readonly outputs: readonly Output[];
  /** Index, in all that goes to its place, of the first record of each place. */
  readonly firsts: ReadonlyMap<string, number>;
}

/**
 * A request makes one record batch per partition, and of two the broker would drop one without a word: puts
 * together what goes to one place, and cuts it so that no batch becomes too large.
 */
export function rounds(outputs: readonly Output[]): readonly Round[] {
  const made: { outputs: Output[]; firsts: Map<string, number> }[] = [];
  for (const { topic, partition, records } of byPlace(outputs)) {
    let round = 0;
    let first = 0;
    let size = 0;
    const close = (end: number): void => {
      if (end === first) return;
      made[round] ??= { outputs: [], firsts: new Map() };
      made[round]?.outputs.push({ topic, partition, records: records.slice(first, end) });
      made[round]?.firsts.set(placeOf({ topic, partition }), first);
      round++;
      first = end;
      size = 0;
    };
    for (const [i, record] of records.entries()) {
      const bytes = sizeOf(record);
      if (size + bytes > BATCH_BYTES) close(i);
      size += bytes;
    }
    close(records.length);
  }
  return made;
}

function byPlace(outputs: readonly Output[]): Iterable<Output> {
  const places = new Map<string, Output & { readonly records: LogRecord[] }>();
  for (const { topic, partition, records } of outputs) {
    const at = placeOf({ topic, partition });
    const place = places.get(at) ?? { topic, partition, records: [] };
    places.set(at, place);
    for (const record of records) place.records.push(record);
  }
  return places.values();
}

export const toMessage = ({ key, value }: LogRecord): { key: Buffer | null; value: Buffer } => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
});

/** Outputs as kafkajs wants them: by topic. */
export function toMessages(outputs: readonly Output[]): TopicMessages[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, partition, records } of outputs) {
    const messages = topics.get(topic) ?? [];
    topics.set(topic, messages);
    for (const record of records) messages.push({ partition, ...toMessage(record) });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/** Every record says itself to which partition it goes. */
export const asTold: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0;
