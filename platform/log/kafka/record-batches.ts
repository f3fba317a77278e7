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
 * What a fetch brings, as it comes: record batches, with a cursor that walks their records in place. There is
 * an object per record batch, and none per record; nothing is copied but what was compressed.
 */
export class RecordBatches implements Batch {
  count = 0;
  next: Offset = 0;
  offset = 0;
  appendedAt = 0;
  keyStart = -1;
  keyEnd = -1;
  valueStart = 0;
  valueEnd = 0;
  readonly #reader = new Varints(NOTHING);
  #sections: readonly Section[] = [];
  /** Of the section after that of the cursor. */
  #following = 0;
  /** What is left in the section of the cursor. */
  #left = 0;
  #base = 0;
  #time = 0;
  #appendTime = false;

  get bytes(): Buffer {
    return this.#reader.bytes;
  }

  /** Lets go of the bytes. */
  clear(): void {
    this.#show([]);
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
      if (end < at + HEADER) throw corrupt(base);
      const last = base + records.readInt32BE(at + LAST_DELTA);
      const attributes = records.readInt16BE(at + ATTRIBUTES);
      const inTransaction = (attributes & TRANSACTIONAL) !== 0;
      const producer = inTransaction ? records.readBigInt64BE(at + PRODUCER).toString() : '';
      if ((attributes & CONTROL) !== 0) {
        aborted.ends(producer, last, keyOf(records.subarray(at + HEADER, end)));
      } else if (last >= from && !(inTransaction && aborted.hides(producer, last))) {
        const bytes = await codecOf(attributes)?.decompress(records.subarray(at + HEADER, end));
        unpacked += bytes?.length ?? 0;
        const appendTime = (attributes & APPEND_TIME) !== 0;
        const section = seenFrom(from, {
          ...(bytes ? { bytes, start: 0, end: bytes.length } : { bytes: records, start: at + HEADER, end }),
          count: records.readInt32BE(at + COUNT),
          base,
          time: int64(records, at + (appendTime ? GREATEST_TIME : FIRST_TIME)),
          appendTime,
        });
        if (section.count > 0) sections.push(section);
      }
      next = Math.max(next, last + 1);
      at = end;
    }
    this.#show(sections.every(({ bytes }) => bytes === records) ? sections : together(sections));
    this.next = next;
    return next;
  }

  rewind(): void {
    this.#following = 0;
    this.#left = 0;
  }

  advance(): boolean {
    while (this.#left === 0) {
      const section = this.#sections[this.#following++];
      if (section === undefined) return false;
      this.#reader.at = section.start;
      this.#left = section.count;
      this.#base = section.base;
      this.#time = section.time;
      this.#appendTime = section.appendTime;
    }
    this.#left--;
    const reader = this.#reader;
    const length = reader.next();
    const end = reader.at + length;
    // Behind the attributes, which say nothing yet.
    reader.at++;
    const delta = reader.next();
    this.appendedAt = this.#appendTime ? this.#time : this.#time + delta;
    this.offset = this.#base + reader.next();
    const key = reader.next();
    this.keyStart = key < 0 ? -1 : reader.at;
    if (key > 0) reader.at += key;
    this.keyEnd = key < 0 ? -1 : reader.at;
    const value = reader.next();
    this.valueStart = reader.at;
    this.valueEnd = value < 0 ? reader.at : reader.at + value;
    reader.at = end;
    return true;
  }

  #show(sections: readonly Section[]): void {
    this.#sections = sections;
    this.#reader.bytes = sections[0]?.bytes ?? NOTHING;
    this.count = 0;
    for (const { count } of sections) this.count += count;
    this.rewind();
  }
}

/** The records from an offset on. What the lengths of records say is checked here: advancing cannot fail. */
function seenFrom(from: Offset, section: Section): Section {
  const { bytes, end, count, base } = section;
  const reader = new Varints(bytes, section.start);
  let start = section.start;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.next();
    const behind = reader.at + length;
    if (length < 0 || behind > end) throw corrupt(base);
    if (base < from) {
      reader.at++;
      reader.next();
      if (base + reader.next() < from) {
        start = behind;
        before = i + 1;
      }
    }
    reader.at = behind;
  }
  return { ...section, start, count: count - before };
}

/** The same sections in one piece of memory. */
function together(sections: readonly Section[]): Section[] {
  const bytes = Buffer.concat(sections.map((one) => one.bytes.subarray(one.start, one.end)));
  let at = 0;
  return sections.map((section) => {
    const start = at;
    at += section.end - section.start;
    return { ...section, bytes, start, end: at };
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
