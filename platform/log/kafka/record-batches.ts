import type { Batch } from '../batch.js';
import type { Offset } from '../record.js';
import { Aborted } from './aborted.js';
import { codecOf } from './compression.js';
import type { Taking } from './messages.js';
import { Varints } from './varints.js';

/** Where the fields of a record batch lie. */
const LENGTH = 8;
const BEHIND_LENGTH = 12;
const MAGIC = 16;
const ATTRIBUTES = 21;
const LAST_DELTA = 23;
const FIRST_TIME = 27;
const GREATEST_TIME = 35;
const PRODUCER = 43;
const COUNT = 57;
const HEADER = 61;
/** A record is no shorter. */
const LEAST = 7;

const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** What is unpacked of one fetch, bytes; what lies beyond is fetched again. */
const MOST_UNPACKED = 32 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** Records behind each other, of one record batch. */
interface Section {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly base: Offset;
  /** When all of them were appended, or what their times count from. */
  readonly time: number;
  readonly appendTime: boolean;
}

/** Whether these are record batches; before Kafka 0.11 they were messages. */
export const areBatches = (records: Buffer): boolean => records.length <= MAGIC || records[MAGIC] === 2;

/**
 * What a fetch brings, as it comes: record batches, and where their records lie. There is an object per record
 * batch, and none per record; nothing is copied but what was compressed.
 */
export class RecordBatches implements Batch {
  count = 0;
  // A double from the start: what begins as a small integer and becomes one changes the shape of the batch, and V8 (of
  // Node 24) may then compile the loop that reads it in vain, again and again.
  next: Offset = Number.NaN;
  more = false;
  keyStart = -1;
  keyEnd = -1;
  valueStart = 0;
  valueEnd = 0;
  bytes: Buffer = NOTHING;
  /** Of each record: where key and value begin and end. */
  #places = new Int32Array(0);
  /** Of each record: offset, and when it was appended. */
  #numbers = new Float64Array(0);
  #row = 0;

  /** Lets go of the bytes. */
  clear(): void {
    this.#show(NOTHING, [], 0);
  }

  /** Takes up what a read-committed reader may see of a fetch; returns the offset after it, seen or not. */
  async load(records: Buffer, { from, aborted: transactions }: Taking): Promise<Offset> {
    const aborted = new Aborted(transactions);
    const sections: Section[] = [];
    let next = from;
    let unpacked = 0;
    // A fetch ends where its size does, in the midst of a batch. One of an older kind begins the next fetch.
    for (let at = 0; at + HEADER <= records.length && records[at + MAGIC] === 2; ) {
      const end = at + BEHIND_LENGTH + records.readInt32BE(at + LENGTH);
      if (end > records.length || unpacked > MOST_UNPACKED) break;
      const base = int64(records, at);
      const count = end < at + HEADER ? -1 : records.readInt32BE(at + COUNT);
      if (count < 0) throw corrupt(base);
      const last = base + records.readInt32BE(at + LAST_DELTA);
      const attributes = records.readInt16BE(at + ATTRIBUTES);
      const inTransaction = (attributes & TRANSACTIONAL) !== 0;
      const producer = inTransaction ? records.readBigInt64BE(at + PRODUCER).toString() : '';
      if ((attributes & CONTROL) !== 0) {
        aborted.ends(producer, last, keyOf(records.subarray(at + HEADER, end)));
      } else if (last >= from && !(inTransaction && aborted.hides(producer, last))) {
        const packed = records.subarray(at + HEADER, end);
        const bytes = await codecOf(attributes)?.decompress(packed);
        unpacked += bytes?.length ?? 0;
        if (count * LEAST > (bytes ?? packed).length) throw corrupt(base);
        const appendTime = (attributes & APPEND_TIME) !== 0;
        sections.push({
          ...(bytes ? { bytes, start: 0, end: bytes.length } : { bytes: records, start: at + HEADER, end }),
          count,
          base,
          time: int64(records, at + (appendTime ? GREATEST_TIME : FIRST_TIME)),
          appendTime,
        });
      }
      next = Math.max(next, last + 1);
      at = end;
    }
    if (sections.every(({ bytes }) => bytes === records)) this.#show(records, sections, from);
    else
      this.#show(
        Buffer.concat(sections.map(({ bytes, start, end }) => bytes.subarray(start, end))),
        together(sections),
        from,
      );
    this.next = next;
    return next;
  }

  rewind(): void {
    this.#row = 0;
  }

  advance(): boolean {
    const row = this.#row;
    if (row === this.count) return false;
    this.#row++;
    const places = this.#places;
    this.keyStart = places[4 * row] as number;
    this.keyEnd = places[4 * row + 1] as number;
    this.valueStart = places[4 * row + 2] as number;
    this.valueEnd = places[4 * row + 3] as number;
    return true;
  }

  // Looked up where they are asked for, which is seldom.
  get offset(): Offset {
    return this.#numbers[2 * this.#row - 2] ?? 0;
  }

  get appendedAt(): number {
    return this.#numbers[2 * this.#row - 1] ?? 0;
  }

  /** Looks at each record once: who reads a batch more often does not pay for it again, and nothing fails then. */
  #show(bytes: Buffer, sections: readonly Section[], from: Offset): void {
    this.bytes = bytes;
    this.count = 0;
    let most = 0;
    for (const { count } of sections) most += count;
    if (most * 2 > this.#numbers.length) {
      this.#places = new Int32Array(most * 4);
      this.#numbers = new Float64Array(most * 2);
    }
    const reader = new Varints(bytes);
    for (const section of sections) this.#take(reader, section, from);
    this.rewind();
  }

  #take(reader: Varints, { start, end, count, base, time, appendTime }: Section, from: Offset): void {
    const places = this.#places;
    const numbers = this.#numbers;
    reader.at = start;
    for (let i = 0; i < count; i++) {
      const length = reader.next();
      const behind = reader.at + length;
      if (length < 0 || behind > end) throw corrupt(base);
      // Behind the attributes, which say nothing yet.
      reader.at++;
      const delta = reader.next();
      const offset = base + reader.next();
      if (offset >= from) {
        const row = this.count++;
        numbers[2 * row] = offset;
        numbers[2 * row + 1] = appendTime ? time : time + delta;
        const key = reader.next();
        places[4 * row] = key < 0 ? -1 : reader.at;
        if (key > 0) reader.at += key;
        places[4 * row + 1] = key < 0 ? -1 : reader.at;
        const value = reader.next();
        places[4 * row + 2] = reader.at;
        places[4 * row + 3] = value < 0 ? reader.at : reader.at + value;
      }
      reader.at = behind;
    }
  }
}

/** The same sections, behind each other in one piece of memory. */
function together(sections: readonly Section[]): Section[] {
  let at = 0;
  return sections.map((section) => {
    const start = at;
    at += section.end - section.start;
    return { ...section, start, end: at };
  });
}

/** That of the first record. */
function keyOf(records: Buffer): Buffer | null {
  const reader = new Varints(records);
  reader.next();
  reader.at++;
  reader.next();
  reader.next();
  const length = reader.next();
  return length < 0 ? null : records.subarray(reader.at, reader.at + length);
}

const int64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);

const corrupt = (base: Offset): Error =>
  Object.assign(new Error(`the record batch at offset ${base} is corrupt`), { type: 'CORRUPT_MESSAGE' });
