import type { EventLog } from '../platform/log/event-log.js';
import { PARTITIONS } from './workload.js';

const WAIT_MS = 500;

/** Hands over every new record of a topic, and when it could be read (ms, monotonic), until it is disposed of. */
export class Tail implements AsyncDisposable {
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly log: EventLog,
    readonly topic: string,
    readonly take: (value: Buffer, at: number) => void,
  ) {}

  /** Resolves when it stands at the end of every partition. */
  static async of(log: EventLog, topic: string, take: (value: Buffer, at: number) => void): Promise<Tail> {
    const tail = new Tail(log, topic, take);
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const ends = await Promise.all(partitions.map(async (one) => (await log.range(topic, one)).end));
    tail.#running = Promise.all(partitions.map((one) => tail.#follow(one, ends[one] ?? 0)));
    return tail;
  }

  async #follow(partition: number, from: number): Promise<void> {
    const { signal } = this.#stop;
    const reader = this.log.read(this.topic, partition, from);
    while (!signal.aborted) {
      const batch = await reader.pull({ waitMs: WAIT_MS, signal });
      const at = performance.now();
      while (batch?.advance())
        this.take(Buffer.from(batch.bytes.subarray(batch.valueStart, batch.valueEnd)), at);
    }
    await reader.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
