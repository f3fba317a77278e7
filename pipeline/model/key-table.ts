import { widen } from './widen.js';

const CHUNK_BITS = 18;
/** Keys lie in chunks of so many bytes, so that nothing large is copied when one more is needed. */
const CHUNK_BYTES = 1 << CHUNK_BITS;
/** Keys without state that are let go leave holes; so many bytes of them are closed up, in proportion to all. */
const MOST_HOLES = 0.5;
/** Keys begin at words, of which a place can count 2^32: 16 GiB. */
const WORD_BITS = 2;
/** Bytes that are compared at once. */
const PIECE = 8;

/**
 * What is known of a slot, side by side: the word where its key begins, over all chunks; its length in bytes,
 * -1 where the slot is free; its hash; the slot that came next.
 */
const Field = { place: 0, length: 1, hash: 2, successor: 3 } as const;
/** Fields of a slot, as a power of two. */
const FIELD_BITS = 2;

/**
 * Keys as small integers (slots). Their bytes lie side by side and are found by a hash over them: no object
 * and no text for a key. About 30 bytes a key beside its own.
 */
export class KeyTable {
  /** A key lies in one chunk. */
  #chunks: DataView<ArrayBuffer>[] = [];
  /** First free byte of the last chunk. */
  #free = CHUNK_BYTES;
  #holes = 0;
  #used = 0;
  /** By slot and field. */
  #fields = new Int32Array(0);
  /** Slots whose keys are not told apart as doubles: those shorter than a piece, and of text hardly any other. */
  readonly #odd = new Set<number>();
  /** Whether there is any: asking the set is a call. */
  #hasOdd = false;
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
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    const length = end - start;
    const guess = this.#last < 0 ? -1 : this.#get(this.#last, Field.successor);
    if (guess >= 0 && this.#is(guess, start, length)) {
      this.#last = guess;
      return guess;
    }
    const hash = hashOf(this.#view, start, length);
    const mask = this.#index.length - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = this.#index[i] ?? -1;
      if (slot < 0) return -1;
      if (this.#get(slot, Field.hash) !== hash || !this.#is(slot, start, length)) continue;
      this.#follow(slot);
      return slot;
    }
  }

  /** Takes in a key that is not there; no longer than a chunk. */
  add(key: Buffer): number {
    const { length } = key;
    if (length > CHUNK_BYTES) throw new RangeError(`a key of ${length} bytes is too long`);
    const view = viewOf(key);
    const slot = this.#slots.pop() ?? this.capacity++;
    this.#reserve(this.capacity << FIELD_BITS);
    const place = this.#room(length);
    this.#set(slot, Field.place, place);
    this.#set(slot, Field.length, length);
    this.#set(slot, Field.hash, hashOf(view, 0, length));
    this.#set(slot, Field.successor, -1);
    bytesAt(this.#chunks, place, length).set(key);
    if (!isPlain(view, length)) {
      this.#odd.add(slot);
      this.#hasOdd = true;
    }
    this.size++;
    if (2 * this.size > this.#index.length) this.#reindex(2 * this.#index.length);
    else this.#enter(slot);
    this.#follow(slot);
    return slot;
  }

  has(slot: number): boolean {
    return this.#get(slot, Field.length) >= 0;
  }

  /** A copy of the key; empty where the slot is free. */
  bytesOf(slot: number): Buffer {
    return this.has(slot) ? Buffer.from(this.#keyOf(slot)) : Buffer.alloc(0);
  }

  /** Lets go of all but these. Slots of those that stay do not change. */
  retain(stays: (slot: number) => boolean): void {
    for (let slot = 0; slot < this.capacity; slot++) {
      if (!this.has(slot) || stays(slot)) continue;
      this.#holes += roomFor(this.#get(slot, Field.length));
      this.#set(slot, Field.length, -1);
      this.#odd.delete(slot);
      this.#slots.push(slot);
      this.size--;
    }
    this.#hasOdd = this.#odd.size > 0;
    this.#last = -1;
    if (this.#holes > MOST_HOLES * this.#used) this.#closeUp();
    this.#reindex(this.#index.length);
  }

  #get(slot: number, field: number): number {
    return this.#fields[(slot << FIELD_BITS) + field] ?? -1;
  }

  #set(slot: number, field: number, value: number): void {
    this.#fields[(slot << FIELD_BITS) + field] = value;
  }

  #keyOf(slot: number): Buffer {
    return bytesAt(this.#chunks, this.#get(slot, Field.place), this.#get(slot, Field.length));
  }

  /**
   * Whether it is the key of that length that begins there. Piece by piece as doubles, the widest that a
   * view reads without an object, from the end, where keys differ; the last piece overlaps the one before.
   */
  #is(slot: number, start: number, length: number): boolean {
    if (this.#get(slot, Field.length) !== length) return false;
    if (this.#hasOdd && this.#odd.has(slot))
      return this.#keyOf(slot).equals(this.#bytes.subarray(start, start + length));
    const view = this.#view;
    const place = this.#get(slot, Field.place);
    const chunk = this.#chunks[chunkOf(place)] as DataView;
    const first = byteOf(place);
    const last = length - PIECE;
    if (chunk.getFloat64(first + last, true) !== view.getFloat64(start + last, true)) return false;
    let i = (last - 1) & -PIECE;
    // Four at a time: turning a loop costs as much as a piece.
    for (; i >= 3 * PIECE; i -= 4 * PIECE)
      if (
        chunk.getFloat64(first + i, true) !== view.getFloat64(start + i, true) ||
        chunk.getFloat64(first + i - 8, true) !== view.getFloat64(start + i - 8, true) ||
        chunk.getFloat64(first + i - 16, true) !== view.getFloat64(start + i - 16, true) ||
        chunk.getFloat64(first + i - 24, true) !== view.getFloat64(start + i - 24, true)
      )
        return false;
    for (; i >= 0; i -= PIECE)
      if (chunk.getFloat64(first + i, true) !== view.getFloat64(start + i, true)) return false;
    return true;
  }

  #follow(slot: number): void {
    if (this.#last >= 0) this.#set(this.#last, Field.successor, slot);
    this.#last = slot;
  }

  /** A place for a key of that length, within one chunk; also an empty key begins in one, not behind it. */
  #room(length: number): number {
    const bytes = roomFor(length);
    if (this.#free === CHUNK_BYTES || this.#free + bytes > CHUNK_BYTES) {
      this.#holes += CHUNK_BYTES - this.#free;
      this.#used += CHUNK_BYTES - this.#free;
      this.#chunks.push(new DataView(new ArrayBuffer(CHUNK_BYTES)));
      this.#free = 0;
    }
    const place = ((this.#chunks.length - 1) << (CHUNK_BITS - WORD_BITS)) | (this.#free >> WORD_BITS);
    this.#free += bytes;
    this.#used += bytes;
    return place;
  }

  #closeUp(): void {
    const old = this.#chunks;
    this.#chunks = [];
    this.#free = CHUNK_BYTES;
    this.#holes = 0;
    this.#used = 0;
    for (let slot = 0; slot < this.capacity; slot++) {
      if (!this.has(slot)) continue;
      const length = this.#get(slot, Field.length);
      const key = bytesAt(old, this.#get(slot, Field.place), length);
      const place = this.#room(length);
      bytesAt(this.#chunks, place, length).set(key);
      this.#set(slot, Field.place, place);
    }
  }

  #enter(slot: number): void {
    const mask = this.#index.length - 1;
    let i = this.#get(slot, Field.hash) & mask;
    while ((this.#index[i] ?? -1) >= 0) i = (i + 1) & mask;
    this.#index[i] = slot;
  }

  #reindex(length: number): void {
    if (length === this.#index.length) this.#index.fill(-1);
    else this.#index = new Int32Array(length).fill(-1);
    for (let slot = 0; slot < this.capacity; slot++) if (this.has(slot)) this.#enter(slot);
  }

  #reserve(needed: number): void {
    if (needed <= this.#fields.length) return;
    this.#fields = widen(new Int32Array(Math.max(needed, this.#fields.length * 2, 256)), this.#fields);
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Bytes that a key takes up. */
const roomFor = (length: number): number => (length + 3) & ~3;

const chunkOf = (place: number): number => place >>> (CHUNK_BITS - WORD_BITS);
const byteOf = (place: number): number => (place << WORD_BITS) & (CHUNK_BYTES - 1);

/** So many bytes from the place on, over all chunks; not copied. */
function bytesAt(chunks: readonly DataView<ArrayBuffer>[], place: number, length: number): Buffer {
  const { buffer } = chunks[chunkOf(place)] as DataView<ArrayBuffer>;
  return Buffer.from(buffer, byteOf(place), length);
}

/** Whether equality as doubles is that of bytes: no piece is NaN, 0 or -0, and there is a whole one. */
function isPlain(view: DataView, length: number): boolean {
  if (length < PIECE) return false;
  const isTold = (at: number): boolean => Math.abs(view.getFloat64(at, true)) > 0;
  for (let at = 0; at + PIECE <= length; at += PIECE) if (!isTold(at)) return false;
  return isTold(length - PIECE);
}

/** The word at the place; what lies from the end on counts as zeros. */
function wordAt(view: DataView, at: number, end: number): number {
  if (at + 4 <= end) return view.getInt32(at, true);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | view.getUint8(i);
  return word;
}

/**
 * Over words: each mixed in by a multiplication (Fibonacci hashing), high bits folded down. Every other
 * word goes another way, so that one multiplication need not wait for the other.
 */
function hashOf(view: DataView, start: number, length: number): number {
  const end = start + length;
  let even = length;
  let odd = 0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    even = Math.imul(even ^ view.getInt32(at, true), 0x9e37_79b1);
    even ^= even >>> 15;
    odd = Math.imul(odd ^ view.getInt32(at + 4, true), 0x85eb_ca6b);
    odd ^= odd >>> 13;
  }
  for (; at < end; at += 4) {
    even = Math.imul(even ^ wordAt(view, at, end), 0x9e37_79b1);
    even ^= even >>> 15;
  }
  const hash = Math.imul(even ^ odd, 0x9e37_79b1);
  return hash ^ (hash >>> 15);
}
