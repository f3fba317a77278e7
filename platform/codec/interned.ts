/** So many different values are remembered, then it begins anew. */
const MOST = 16_384;
/** Longer ones are rarely repeated, bytes. */
const LONGEST = 1_024;

interface Known {
  readonly bytes: Uint8Array;
  readonly value: object;
  /** What came after it the last time. */
  next: Known | null;
}

/** Values by their bytes. They mostly come in the same order as the last time: guess first. */
export class Interned {
  readonly #known = new Map<string, Known>();
  #last: Known | null = null;

  /** The value whose bytes begin at the place, if it is the one to be expected. */
  guess(bytes: Buffer, at: number, end: number): Known | null {
    const guess = this.#last?.next ?? null;
    if (guess === null || !isAt(guess.bytes, bytes, at, end)) return null;
    this.#last = guess;
    return guess;
  }

  /** The value that these bytes stand for: the one that they stood for before, if there is one. */
  keep(bytes: Buffer, from: number, to: number, value: object): object {
    if (to - from > LONGEST) return value;
    const key = bytes.toString('latin1', from, to);
    let known = this.#known.get(key);
    if (known === undefined) {
      if (this.#known.size >= MOST) this.#known.clear();
      known = { bytes: Uint8Array.from(bytes.subarray(from, to)), value, next: null };
      this.#known.set(key, known);
    }
    if (this.#last !== null) this.#last.next = known;
    this.#last = known;
    return known.value;
  }
}

/** Text that is mostly the same as the last one. */
export class Repeated {
  #bytes = new Uint8Array(0);
  #text = '';

  read(bytes: Buffer, from: number, to: number): string {
    if (to - from !== this.#bytes.length || !isAt(this.#bytes, bytes, from, to)) {
      this.#bytes = Uint8Array.from(bytes.subarray(from, to));
      this.#text = bytes.toString('utf8', from, to);
    }
    return this.#text;
  }
}

function isAt(known: Uint8Array, bytes: Buffer, at: number, end: number): boolean {
  const { length } = known;
  if (length > end - at) return false;
  // From the end, where they differ.
  for (let i = length - 1; i >= 0; i--) if (known[i] !== bytes[at + i]) return false;
  return true;
}
