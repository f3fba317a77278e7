/** What is smaller costs no more than looking for it, bytes. */
const LEAST = 64 * 1024;
/** What is larger is not kept, bytes. */
const MOST = 2 * 1024 * 1024;
const MOST_KEPT = 8;

/**
 * Memory that is used again. It lies outside of the heap, where collecting garbage comes late: what is thrown
 * away there adds up to more than all that is in use.
 */
export class Spares {
  /** In order of length. */
  readonly #kept: Buffer[] = [];

  /**
   * Memory of at least `size` bytes, of any content, until `use` is done. Where that fails it is not used again:
   * some of it may still be on its way.
   */
  async lend<T>(size: number, use: (memory: Buffer) => Promise<T>): Promise<T> {
    const at = this.#placeOf(size);
    const memory = this.#kept[at] ?? Buffer.allocUnsafeSlow(size);
    this.#kept.splice(at, 1);
    const result = await use(memory);
    this.#keep(memory);
    return result;
  }

  #keep(memory: Buffer): void {
    const { length } = memory;
    if (length < LEAST || length > MOST) return;
    this.#kept.splice(this.#placeOf(length), 0, memory);
    // The smallest one is of least use.
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }

  /** Of the smallest one with so many bytes; behind all of them where there is none. */
  #placeOf(size: number): number {
    const at = this.#kept.findIndex(({ length }) => length >= size);
    return at === -1 ? this.#kept.length : at;
  }
}
