import type { Kafka, Producer } from 'kafkajs';
import { LogError, type LogRecord, type Offset, type PartitionWriter } from '../event-log.js';
import { commitError, logError } from './errors.js';
import { rounds, toMessages } from './rounds.js';
import { takeOver } from './transactional.js';

export interface WriterOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partition: number;
  readonly transactionalId: string;
}

/** Takes over as the writer of a name: each append is a transaction under an id that fences. */
export async function openWriter(options: WriterOptions): Promise<KafkaWriter> {
  const { kafka, topic, partition, transactionalId } = options;
  const producer = await takeOver(kafka, transactionalId).catch((error: unknown) => {
    throw logError(`taking over ${topic}/${partition}`, error);
  });
  return new KafkaWriter(options, producer);
}

export class KafkaWriter implements PartitionWriter {
  readonly #at: string;
  #producer: Producer | null;

  constructor(
    readonly options: WriterOptions,
    producer: Producer,
  ) {
    this.#at = `${options.topic}/${options.partition} as ${options.transactionalId}`;
    this.#producer = producer;
  }

  get closed(): boolean {
    return this.#producer === null;
  }

  async append(records: readonly LogRecord[]): Promise<Offset> {
    const producer = this.#producer;
    if (!producer) throw new LogError('Unknown', `the writer of ${this.#at} has failed before`);
    const { topic, partition } = this.options;
    try {
      const transaction = await producer.transaction();
      let next = 0;
      for (const { outputs } of rounds([{ topic, partition, records }])) {
        const [answer] = await transaction.sendBatch({ acks: -1, topicMessages: toMessages(outputs) });
        next = Number(answer?.baseOffset ?? 0) + (outputs[0]?.records.length ?? 0);
      }
      await transaction.commit();
      return next;
    } catch (error) {
      // A producer that failed stays unusable.
      await this.close();
      throw commitError(this.#at, error);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.disconnect().catch(() => undefined);
  }
}
