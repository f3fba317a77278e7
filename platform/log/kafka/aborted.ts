import type { Offset } from '../record.js';
import type { AbortedTransaction } from './cluster.js';

/** Type of a control record, in its key, behind the version. */
const ABORT = 0;

/**
 * Which producers' records are aborted, while one walks a fetch in the order of offsets. (kafkajs's own
 * filter shows aborted records where transactions overlap, and takes a key of four zero bytes for a marker.)
 */
export class Aborted {
  readonly #waiting: readonly { readonly producer: string; readonly first: Offset }[];
  readonly #open = new Set<string>();
  #begun = 0;

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = transactions
      .map(({ producerId, firstOffset }) => ({ producer: producerId, first: Number(firstOffset) }))
      .sort((a, b) => a.first - b.first);
  }

  /** Whether what that producer wrote at that offset, in a transaction, is not to be seen. */
  hides(producer: string, offset: Offset): boolean {
    this.#reach(offset);
    return this.#open.has(producer);
  }

  /** A marker of that producer, with the key of its record. */
  ends(producer: string, offset: Offset, key: Uint8Array | null): void {
    this.#reach(offset);
    if (key !== null && key.length >= 4 && ((key[2] ?? 0) << 8) + (key[3] ?? 0) === ABORT)
      this.#open.delete(producer);
  }

  #reach(offset: Offset): void {
    for (let one = this.#waiting[this.#begun]; one && one.first <= offset; one = this.#waiting[++this.#begun])
      this.#open.add(one.producer);
  }
}
