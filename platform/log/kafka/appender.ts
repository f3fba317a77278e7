import type { Kafka, Producer } from 'kafkajs';
import { LogError, type Offset, type Output } from '../event-log.js';
import { logError } from './errors.js';
import { asTold, isLarge, placeOf, rounds, toMessages } from './rounds.js';

interface Waiting {
  readonly output: Output;
  readonly resolve: (offset: Offset) => void;
  readonly reject: (error: unknown) => void;
}

/** So many appends may wait; beyond, the next one waits for the flush before. */
const MOST_WAITING = 1_000;

/**
 * Appends through one idempotent producer: what comes while a request is under way goes with the next
 * one. After an error the producer is thrown away, since one that failed may go on without idempotence.
 */
export class Appender {
  #producer: Promise<Producer> | null = null;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #closed = false;

  constructor(readonly kafka: Kafka) {}

  async append(output: Output): Promise<Offset> {
    while (this.#waiting.length >= MOST_WAITING) await this.#flushing;
    // A producer that is made now would not be closed by anybody.
    if (this.#closed) throw new LogError('Closed', `appending to ${output.topic}: the log is closed`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ output, resolve, reject });
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = null;
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await (await this.#producer?.catch(() => null))?.disconnect();
  }

  async #flush(): Promise<void> {
    // Others that append in this turn of the loop go along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const taken = this.#take();
      try {
        await this.#send(taken);
      } catch (error) {
        const producer = this.#producer;
        this.#producer = null;
        void producer?.then((one) => one.disconnect()).catch(() => undefined);
        for (const { reject, output } of taken) reject(logError(`appending to ${output.topic}`, error));
      }
    }
  }

  /** All that wait; but a large one goes alone, since it alone is to blame where the broker refuses it. */
  #take(): Waiting[] {
    const large = this.#waiting.findIndex(({ output }) => isLarge(output));
    return this.#waiting.splice(0, large < 0 ? this.#waiting.length : Math.max(1, large));
  }

  async #send(taken: readonly Waiting[]): Promise<void> {
    const producer = await this.#connected();
    // The answer names the offset of the first record of each place alone.
    const counts = new Map<string, number>();
    const parts = taken.map(({ output, resolve }) => {
      const place = placeOf(output);
      const at = counts.get(place) ?? 0;
      counts.set(place, at + output.records.length);
      return { place, at, resolve };
    });
    const bases = new Map<string, { at: number; base: Offset }[]>();
    for (const round of rounds(taken.map(({ output }) => output))) {
      const answers = await producer.sendBatch({ acks: -1, topicMessages: toMessages(round.outputs) });
      for (const { topicName, partition, baseOffset } of answers) {
        const place = placeOf({ topic: topicName, partition });
        const known = bases.get(place) ?? [];
        bases.set(place, known);
        known.push({ at: round.firsts.get(place) ?? 0, base: Number(baseOffset ?? 0) });
      }
    }
    for (const { place, at, resolve } of parts) {
      const known = bases.get(place)?.findLast((one) => one.at <= at);
      resolve(known ? known.base + at - known.at : 0);
    }
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect();
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      metadataMaxAge: 15_000,
      createPartitioner: asTold,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 },
    });
    await producer.connect();
    return producer;
  }
}
