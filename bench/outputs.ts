import { createHash, type Hash } from 'node:crypto';

/** Before each value: the id of its schema, which a registry gives. */
const FRAME = 5;

/** What came out of the stages: how many windows and alerts, and their bytes as one digest. */
export interface Outcome {
  readonly windows: number;
  readonly alerts: number;
  /** Over the values of both topics, without frames, in order of partition and offset. */
  readonly digest: string;
}

/** Takes in what came out. Order matters within a partition of a topic alone. */
export class Outputs {
  readonly #topics = new Map<string, { count: number; readonly hashes: Map<number, Hash> }>();

  add(topic: string, partition: number, value: Uint8Array): void {
    const entry = this.#topics.get(topic) ?? { count: 0, hashes: new Map<number, Hash>() };
    this.#topics.set(topic, entry);
    const hash = entry.hashes.get(partition) ?? createHash('sha256');
    entry.hashes.set(partition, hash);
    hash.update(value.subarray(FRAME));
    entry.count++;
  }

  /** Once, at the end. */
  finish(): Outcome {
    const whole = createHash('sha256');
    for (const topic of ['windows', 'alerts']) {
      const hashes = [...(this.#topics.get(topic)?.hashes ?? [])].sort(([a], [b]) => a - b);
      for (const [partition, hash] of hashes) whole.update(`${topic} ${partition} ${hash.digest('hex')}`);
    }
    const count = (topic: string): number => this.#topics.get(topic)?.count ?? 0;
    return { windows: count('windows'), alerts: count('alerts'), digest: whole.digest('hex') };
  }
}
