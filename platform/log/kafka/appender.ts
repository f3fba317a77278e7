import type { Kafka, Producer } from 'kafkajs';
import { LogError, type LogRecord, type Offset, type Output } from '../event-log.js';
import { logError } from './errors.js';
import { asTold, isLarge, rounds, toMessages } from './rounds.js';

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
    // One request per partition and round: the answer names the offset of its first record alone.
    const merged = new Map<
      string,
      { readonly output: Output; readonly records: LogRecord[]; readonly of: { one: Waiting; at: number }[] }
    >();
    for (const one of taken) {
      const place = `${one.output.topic}/${one.output.partition}`;
      const into = merged.get(place) ?? { output: one.output, records: [], of: [] };
      merged.set(place, into);
      into.of.push({ one, at: into.records.length });
      into.records.push(...one.output.records);
    }
    const outputs = [...merged.values()].map(({ output, records }) => ({ ...output, records }));
    const bases = new Map<string, { at: number; base: Offset }[]>();
    for (const round of rounds(outputs)) {
      const answers = await producer.sendBatch({ acks: -1, topicMessages: toMessages(round.outputs) });
      for (const { topicName, partition, baseOffset } of answers) {
        const place = `${topicName}/${partition}`;
        const known = bases.get(place) ?? [];
        bases.set(place, known);
        known.push({ at: round.firsts.get(place) ?? 0, base: Number(baseOffset ?? 0) });
      }
    }
    for (const [place, { of }] of merged) {
      const parts = bases.get(place) ?? [];
      for (const { one, at } of of) {
        const part = parts.findLast((known) => known.at <= at);
        one.resolve(part ? part.base + at - part.at : 0);
      }
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
