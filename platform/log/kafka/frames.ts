/** A response this large is put where the one before was, bytes. */
const LARGE = 64 * 1024;
/** After so many responses in a row that are small for it, the memory of the large ones is given back. */
const MANY = 64;
/** No response is larger: it is not Kafka that answers, bytes. */
const MOST = 256 * 1024 * 1024;
const HEAD = 4;
/** What a response has around the records that were asked for, of which it mostly has as many as it may, bytes. */
const HEADS = 4096;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts what comes over a connection into responses, each one piece of memory with its size in front. Bytes of
 * a large response are read to where they stay, and that memory is used again by the next large one, so
 * a response is valid until the one after the next request.
 */
export class Frames {
  readonly #few = Buffer.allocUnsafe(LARGE);
  readonly #head = Buffer.allocUnsafe(HEAD);
  #headed = 0;
  #frame: Buffer | null = null;
  #filled = 0;
  #large = NOTHING;
  /** So many responses in a row need less than a quarter of `#large`. */
  #smallInARow = 0;

  constructor(readonly onFrame: (frame: Buffer) => void) {}

  /** Where the bytes that come next are to be put. */
  get space(): Buffer {
    return this.#frame === null ? this.#few : this.#frame.subarray(this.#filled);
  }

  /** So many bytes were put into `space`. Throws where they cannot be responses. */
  took(count: number): void {
    if (this.#frame === null) {
      for (let at = 0; at < count; ) at = this.#sort(at, count);
      return;
    }
    this.#filled += count;
    this.#finish(this.#frame);
  }

  /** Of what lies among the few from `at` on, takes what belongs to the next response; returns where that ends. */
  #sort(at: number, count: number): number {
    const frame = this.#frame;
    if (frame === null) {
      this.#head[this.#headed++] = this.#few[at] as number;
      if (this.#headed === HEAD) this.#begin();
      return at + 1;
    }
    const end = Math.min(count, at + frame.length - this.#filled);
    this.#few.copy(frame, this.#filled, at, end);
    this.#filled += end - at;
    this.#finish(frame);
    return end;
  }

  #begin(): void {
    const size = this.#head.readInt32BE(0);
    if (size < HEAD || size > MOST)
      throw new Error(`a response of ${size} bytes: this is not Kafka's protocol`);
    this.#frame = this.#memory(HEAD + size);
    this.#head.copy(this.#frame);
    this.#headed = 0;
    this.#filled = HEAD;
  }

  #memory(size: number): Buffer {
    // Many small ones: the backlog is done. A few come between large ones.
    this.#smallInARow = size * 4 < this.#large.length ? this.#smallInARow + 1 : 0;
    if (this.#smallInARow === MANY) this.#large = NOTHING;
    if (size < LARGE) return Buffer.allocUnsafe(size);
    // With room for the next ones, which may be a little larger: memory outside of the heap is collected late.
    if (size > this.#large.length)
      this.#large = Buffer.allocUnsafeSlow(HEADS + 2 ** Math.ceil(Math.log2(size - HEADS)));
    return this.#large.subarray(0, size);
  }

  #finish(frame: Buffer): void {
    if (this.#filled < frame.length) return;
    this.#frame = null;
    this.onFrame(frame);
  }
}
