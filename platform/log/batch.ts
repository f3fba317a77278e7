import type { LogRecord, Offset } from './record.js';

/**
 * A batch of records of one partition: bytes with a cursor, no object per record.
 * `advance()` moves the cursor to the next record and says whether there is one; the fields then
 * describe it as ranges of `bytes`. Valid until the next pull.
 */
export interface Batch {
  readonly bytes: Buffer;
  readonly count: number;
  /** Offset after the last record of the batch. */
  readonly next: Offset;
  /** Whether there was more to be read behind it when it was read. */
  readonly more: boolean;
  advance(): boolean;
  rewind(): void;
  readonly offset: Offset;
  /** When the record was appended, ms since the epoch. */
  readonly appendedAt: number;
  /** -1 where the record has no key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const RECORD_HEADER = 24;
const NO_KEY = 0xffffffff;

/**
 * The layout of a frame, little endian, records one behind the other:
 * offset f64 | appendedAt f64 | key length u32 (2^32-1: none) | value length u32 | key | value.
 * The embedded log stores its values in it, so that a pull is a copy of bytes.
 */
export class FrameBatch implements Batch {
  bytes: Buffer;
  count = 0;
  // A double from the start, so that the shape of a batch stays as it is.
  next: Offset = Number.NaN;
  more = false;
  keyStart = -1;
  keyEnd = -1;
  valueStart = 0;
  valueEnd = 0;
  #view: DataView;
  #end = 0;
  /** Where the record of the cursor begins, and where the next one does. */
  #record = 0;
  #at = 0;

  constructor(capacity = 64 * 1024) {
    this.bytes = Buffer.allocUnsafe(capacity);
    this.#view = viewOf(this.bytes);
  }

  get offset(): Offset {
    return this.#view.getFloat64(this.#record, true);
  }

  get appendedAt(): number {
    return this.#view.getFloat64(this.#record + 8, true);
  }

  /** Bytes in use. */
  get size(): number {
    return this.#end;
  }

  clear(): void {
    this.#end = 0;
    this.count = 0;
    this.more = false;
    this.rewind();
  }

  push(record: LogRecord, offset: Offset, appendedAt: number): void {
    const keyLength = record.key?.length ?? 0;
    this.#reserve(RECORD_HEADER + keyLength + record.value.length);
    let at = this.#end;
    this.bytes.writeDoubleLE(offset, at);
    this.bytes.writeDoubleLE(appendedAt, at + 8);
    this.bytes.writeUInt32LE(record.key === null ? NO_KEY : keyLength, at + 16);
    this.bytes.writeUInt32LE(record.value.length, at + 20);
    at += RECORD_HEADER;
    if (record.key !== null) this.bytes.set(record.key, at);
    this.bytes.set(record.value, at + keyLength);
    this.#end = at + keyLength + record.value.length;
    this.count++;
    this.next = offset + 1;
  }

  /** Appends whole frames, as `frame()` gave them. */
  pushFrames(frames: Uint8Array, count: number, next: Offset): void {
    this.#reserve(frames.length);
    this.bytes.set(frames, this.#end);
    this.#end += frames.length;
    this.count += count;
    this.next = next;
  }

  /** Appends those of the frames that are at or above the offset. */
  pushFrom(frames: Buffer, from: Offset): void {
    for (let at = 0; at < frames.length; ) {
      const offset = frames.readDoubleLE(at);
      const keyLength = frames.readUInt32LE(at + 16);
      const size = RECORD_HEADER + (keyLength === NO_KEY ? 0 : keyLength) + frames.readUInt32LE(at + 20);
      if (offset >= from) this.pushFrames(frames.subarray(at, at + size), 1, offset + 1);
      at += size;
    }
  }

  /** The bytes in use, not copied. */
  frames(): Buffer {
    return this.bytes.subarray(0, this.#end);
  }

  rewind(): void {
    this.#at = 0;
  }

  advance(): boolean {
    const at = this.#at;
    if (at >= this.#end) return false;
    const view = this.#view;
    const keyLength = view.getUint32(at + 16, true);
    const start = at + RECORD_HEADER;
    const value = keyLength === NO_KEY ? start : start + keyLength;
    const end = value + view.getUint32(at + 20, true);
    this.#record = at;
    this.keyStart = keyLength === NO_KEY ? -1 : start;
    this.keyEnd = keyLength === NO_KEY ? -1 : value;
    this.valueStart = value;
    this.valueEnd = end;
    this.#at = end;
    return true;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.#end);
    this.bytes = grown;
    this.#view = viewOf(grown);
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);
