import type { Database } from '../../lmdb/environment.js';
import { FrameBatch } from '../batch.js';
import type { LogRecord, Offset } from '../event-log.js';

/** A value of the environment holds at most so much, unless one record alone is larger, bytes. */
const CHUNK_BYTES = 256 * 1024;
/** next offset f64 | time of the last append f64 | count u32 | frames */
const HEADER = 20;

export interface Chunk {
  readonly base: Offset;
  readonly next: Offset;
  readonly appendedAt: number;
  readonly count: number;
  readonly frames: Buffer;
}

const chunkKey = (topic: string, partition: number, base: Offset): (string | number)[] => [
  'r',
  topic,
  partition,
  base,
];

function parse(base: Offset, value: Buffer): Chunk {
  return {
    base,
    next: value.readDoubleLE(0),
    appendedAt: value.readDoubleLE(8),
    count: value.readUInt32LE(16),
    // The length that lmdb gave, which may be less than that of the memory behind.
    frames: value.subarray(HEADER, value.length),
  };
}

/** The chunks of one partition. */
export class Partition {
  readonly #scratch = new FrameBatch();
  #next: Offset | null = null;
  #appendedAt = 0;

  constructor(
    readonly db: Database,
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Chunks from the one that holds the offset on. Their frames are not copied: valid until the next one. */
  *chunks(from: Offset): Generator<Chunk> {
    const { topic, partition, db } = this;
    const holder = this.#last(from);
    const start = holder && holder.next > from ? holder.base : from;
    const end = chunkKey(topic, partition, Number.MAX_SAFE_INTEGER);
    for (const key of db.getKeys({ start: chunkKey(topic, partition, start), end })) {
      const chunk = this.#chunk(key[3] as Offset);
      if (chunk) yield chunk;
    }
  }

  /** Offset of the first retained record, and of the next one. */
  range(): { start: Offset; end: Offset } {
    const end = this.#last(Number.MAX_SAFE_INTEGER)?.next ?? 0;
    const [first] = this.chunks(0);
    return { start: first?.base ?? end, end };
  }

  /** Offset of the first record appended at or after the time; a chunk is appended whole, so it has one time. */
  offsetAt(time: number): Offset {
    let { start: low, end: high } = this.range();
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const chunk = this.#last(middle);
      if (chunk && chunk.base >= low && chunk.appendedAt >= time) high = chunk.base;
      // No chunk begins between this one and the middle.
      else low = Math.max(middle + 1, chunk?.next ?? 0);
    }
    return high;
  }

  /** Within a write transaction: appends and returns the first offset. Failed transactions leave gaps. */
  append(records: readonly LogRecord[], now: number): Offset {
    if (this.#next === null) {
      const last = this.#last(Number.MAX_SAFE_INTEGER);
      this.#next = last?.next ?? 0;
      this.#appendedAt = last?.appendedAt ?? 0;
    }
    this.#appendedAt = Math.max(this.#appendedAt, now);
    const first = this.#next;
    const scratch = this.#scratch;
    scratch.clear();
    for (const record of records) {
      const size = (record.key?.length ?? 0) + record.value.length + 24;
      if (scratch.count > 0 && scratch.size + size > CHUNK_BYTES) this.#flush();
      scratch.push(record, this.#next++, this.#appendedAt);
    }
    if (scratch.count > 0) this.#flush();
    return first;
  }

  remove({ base }: Chunk): void {
    this.db.remove(chunkKey(this.topic, this.partition, base));
  }

  #flush(): void {
    const scratch = this.#scratch;
    const value = Buffer.allocUnsafe(HEADER + scratch.size);
    value.writeDoubleLE(scratch.next, 0);
    value.writeDoubleLE(this.#appendedAt, 8);
    value.writeUInt32LE(scratch.count, 16);
    scratch.frames().copy(value, HEADER);
    this.db.put(chunkKey(this.topic, this.partition, scratch.next - scratch.count), value);
    scratch.clear();
  }

  /** Valid until the next one. */
  #chunk(base: Offset): Chunk | null {
    const value = this.db.getBinaryFast(chunkKey(this.topic, this.partition, base));
    return value ? parse(base, value) : null;
  }

  /** The last chunk that begins at or before the offset; valid until the next one. */
  #last(at: Offset): Chunk | null {
    const { topic, partition, db } = this;
    const range = {
      start: chunkKey(topic, partition, at),
      end: chunkKey(topic, partition, -1),
      reverse: true,
      limit: 1,
    };
    const [key] = db.getKeys(range);
    return key ? this.#chunk(key[3] as Offset) : null;
  }
}
