import { LogError, type LogRecord, type Offset, type PartitionWriter } from '../event-log.js';
import { commitError, logError } from './errors.js';
import { placeOf, rounds } from './rounds.js';
import { type TakeOverOptions, Transactions } from './transactions.js';

export interface WriterOptions extends TakeOverOptions {
  readonly partition: number;
}

/** Takes over as the writer of a name: each append is a transaction under an id that fences. */
export async function openWriter(options: WriterOptions): Promise<KafkaWriter> {
  const { topic, partition } = options;
  const producer = await Transactions.takeOver(options).catch((error: unknown) => {
    throw logError(`taking over ${topic}/${partition}`, error);
  });
  return new KafkaWriter(options, producer);
}

export class KafkaWriter implements PartitionWriter {
  readonly #at: string;
  #producer: Transactions | null;

  constructor(
    readonly options: WriterOptions,
    producer: Transactions,
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
    const output = { topic, partition, records };
    try {
      return await producer.transact([output], null, async () => {
        let next = 0;
        for (const { outputs } of rounds([output])) {
          const bases = await producer.send(outputs);
          next = (bases.get(placeOf({ topic, partition })) ?? 0) + (outputs[0]?.records.length ?? 0);
        }
        return next;
      });
    } catch (error) {
      // A producer that failed stays unusable.
      await this.close();
      throw commitError(this.#at, error);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.close().catch(() => undefined);
  }
}
