const CHUNK_BITS = 16;
/** Keys lie in chunks of so many words, 256 KiB, so that nothing large is copied when one more is needed. */
const CHUNK_WORDS = 1 << CHUNK_BITS;
/** Keys without state that are let go leave holes; so many words of them are closed up, in proportion to all. */
const MOST_HOLES = 0.5;

/**
 * Keys as small integers (slots). Their bytes lie side by side as words of four, little endian, and are
 * found by a hash over them: no object and no text for a key. About 30 bytes a key beside its own.
 */
export class KeyTable {
  /** Words of all keys; a key lies in one chunk, its last word filled up with zeros. */
  #chunks: Int32Array[] = [];
  /** First free word of the last chunk. */
  #free = CHUNK_WORDS;
  #holes = 0;
  #used = 0;
  /** By slot: first word, over all chunks; length in bytes, -1 where the slot is free; hash; what came next. */
  #place = new Int32Array(0);
  #length = new Int32Array(0);
  #hash = new Int32Array(0);
  #successor = new Int32Array(0);
  /** Slots by hash, linear probing; -1 for none. A power of two, at most half full. */
  #index = new Int32Array(128).fill(-1);
  readonly #slots: number[] = [];
  /** No slot is as great or greater. */
  capacity = 0;
  size = 0;
  #last = -1;
  /** The bytes that were searched last, and a view of them. */
  #bytes: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#bytes);

  /** Slot of the key, -1 where it is not there. Keys mostly come in the same order as before: guess first. */
  find(bytes: Buffer, start: number, end: number): number {
    const view = this.#viewOf(bytes);
    const length = end - start;
    const guess = this.#last < 0 ? -1 : (this.#successor[this.#last] ?? -1);
    if (guess >= 0 && this.#length[guess] === length && this.#is(guess, view, start)) {
      this.#last = guess;
      return guess;
    }
    const hash = hashOf(view, start, length);
    const mask = this.#index.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = this.#index[i] ?? -1;
      if (slot < 0) return -1;
      if (this.#hash[slot] !== hash || this.#length[slot] !== length) continue;
      if (!this.#is(slot, view, start)) continue;
      this.#follow(slot);
      return slot;
    }
  }

  /** Takes in a key that is not there; no longer than a chunk. */
  add(key: Buffer): number {
    const view = viewOf(key);
    const words = (key.length + 3) >> 2;
    if (words > CHUNK_WORDS) throw new RangeError(`a key of ${key.length} bytes is too long`);
    const slot = this.#slots.pop() ?? this.capacity++;
    this.#reserve(this.capacity);
    const place = this.#room(words);
    const chunk = this.#chunks[place >>> CHUNK_BITS] as Int32Array;
    for (let i = 0; i < words; i++) chunk[(place & (CHUNK_WORDS - 1)) + i] = wordAt(view, 4 * i, key.length);
    this.#place[slot] = place;
    this.#length[slot] = key.length;
    this.#hash[slot] = hashOf(view, 0, key.length);
    this.#successor[slot] = -1;
    this.size++;
    if (2 * this.size > this.#index.length) this.#reindex(2 * this.#index.length);
    else this.#enter(slot);
    this.#follow(slot);
    return slot;
  }

  has(slot: number): boolean {
    return (this.#length[slot] ?? -1) >= 0;
  }

  /** A copy of the key; empty where the slot is free. */
  bytesOf(slot: number): Buffer {
    const length = Math.max(0, this.#length[slot] ?? 0);
    const place = this.#place[slot] ?? 0;
    const chunk = this.#chunks[place >>> CHUNK_BITS] as Int32Array;
    const bytes = Buffer.allocUnsafe((length + 3) & ~3);
    for (let i = 0; 4 * i < length; i++)
      bytes.writeInt32LE(chunk[(place & (CHUNK_WORDS - 1)) + i] ?? 0, 4 * i);
    return bytes.subarray(0, length);
  }

  /** Lets go of all but these. Slots of those that stay do not change. */
  retain(stays: (slot: number) => boolean): void {
    for (let slot = 0; slot < this.capacity; slot++) {
      if (!this.has(slot) || stays(slot)) continue;
      this.#holes += ((this.#length[slot] ?? 0) + 3) >> 2;
      this.#length[slot] = -1;
      this.#slots.push(slot);
      this.size--;
    }
    this.#last = -1;
    if (this.#holes > MOST_HOLES * this.#used) this.#closeUp();
    this.#reindex(this.#index.length);
  }

  #viewOf(bytes: Buffer): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    return this.#view;
  }

  /** Whether it is the key that begins there, which has its length. From the end, where keys differ. */
  #is(slot: number, view: DataView, start: number): boolean {
    const place = this.#place[slot] ?? 0;
    const length = this.#length[slot] ?? 0;
    const chunk = this.#chunks[place >>> CHUNK_BITS] as Int32Array;
    const first = place & (CHUNK_WORDS - 1);
    let i = length >> 2;
    if ((length & 3) !== 0 && chunk[first + i] !== wordAt(view, start + 4 * i, start + length)) return false;
    while (--i >= 0) if (chunk[first + i] !== view.getInt32(start + 4 * i, true)) return false;
    return true;
  }

  #follow(slot: number): void {
    if (this.#last >= 0) this.#successor[this.#last] = slot;
    this.#last = slot;
  }

  /** The first of so many free words of one chunk. */
  #room(words: number): number {
    if (this.#chunks.length === 0 || this.#free + words > CHUNK_WORDS) {
      this.#holes += CHUNK_WORDS - this.#free;
      this.#used += CHUNK_WORDS - this.#free;
      this.#chunks.push(new Int32Array(CHUNK_WORDS));
      this.#free = 0;
    }
    const place = (this.#chunks.length - 1) * CHUNK_WORDS + this.#free;
    this.#free += words;
    this.#used += words;
    return place;
  }

  #closeUp(): void {
    const old = this.#chunks;
    this.#chunks = [];
    this.#free = CHUNK_WORDS;
    this.#holes = 0;
    this.#used = 0;
    for (let slot = 0; slot < this.capacity; slot++) {
      if (!this.has(slot)) continue;
      const words = ((this.#length[slot] ?? 0) + 3) >> 2;
      const from = this.#place[slot] ?? 0;
      const place = this.#room(words);
      const first = from & (CHUNK_WORDS - 1);
      const key = (old[from >>> CHUNK_BITS] as Int32Array).subarray(first, first + words);
      (this.#chunks[place >>> CHUNK_BITS] as Int32Array).set(key, place & (CHUNK_WORDS - 1));
      this.#place[slot] = place;
    }
  }

  #enter(slot: number): void {
    const mask = this.#index.length - 1;
    let i = (this.#hash[slot] ?? 0) & mask;
    while ((this.#index[i] ?? -1) >= 0) i = (i + 1) & mask;
    this.#index[i] = slot;
  }

  #reindex(length: number): void {
    if (length === this.#index.length) this.#index.fill(-1);
    else this.#index = new Int32Array(length).fill(-1);
    for (let slot = 0; slot < this.capacity; slot++) if (this.has(slot)) this.#enter(slot);
  }

  #reserve(needed: number): void {
    const before = this.#place.length;
    if (needed <= before) return;
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const wide = new Int32Array(Math.max(needed, before * 2, 64));
      wide.set(old);
      return wide;
    };
    this.#place = wider(this.#place);
    this.#length = wider(this.#length);
    this.#hash = wider(this.#hash);
    this.#successor = wider(this.#successor);
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The word at the place; what lies from the end on counts as zeros. */
function wordAt(view: DataView, at: number, end: number): number {
  if (at + 4 <= end) return view.getInt32(at, true);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | view.getUint8(i);
  return word;
}

/** Over words: each mixed in by a multiplication (Fibonacci hashing), high bits folded down. */
function hashOf(view: DataView, start: number, length: number): number {
  const end = start + length;
  let hash = length;
  for (let at = start; at < end; at += 4) {
    hash = Math.imul(hash ^ wordAt(view, at, end), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
