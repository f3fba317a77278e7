import { type Buckets, loadBuckets, saveBuckets } from './buckets.js';
import type { Selected } from './selected.js';
import { parseSeriesText, readsAs, type SeriesIdentity } from './series-text.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** A series is forgotten when the watermark is more than this past its last sample, ms. */
const FORGET_AFTER = 3_600_000;
/** What a series is wanted as; a metric is one or the other in a rule file. */
export const Wanted = { not: 0, cumulative: 1, gauge: 2 } as const;
/** So many keys that hold no state are remembered, to find them again quickly. */
const CACHED_KEYS = 65_536;

/**
 * The series of one partition, as small integers (slots), with their previous sample in columns.
 * A key is interned with its memberships; it is a series (admitted) once a sample of it was accepted.
 */
export class SeriesTable {
  t = new Float64Array(0);
  count = new Float64Array(0);
  sum = new Float64Array(0);
  admitted = new Uint8Array(0);
  /** As what some selection wants the series: a value of `Wanted`. */
  wanted = new Uint8Array(0);
  /** 1 where a selection that keeps buckets wants it. */
  keepsBuckets = new Uint8Array(0);
  /** Of the previous sample, where they are kept; undefined where it came before they were. */
  readonly buckets: (Buckets | undefined)[] = [];
  /** By selection: -1, or group id * 2 + whether its requests are errors. */
  members: Int32Array[];
  admittedCount = 0;
  /** Whether a small fall of a counter is no reset. */
  jitter = false;
  readonly #slots = new Map<string, number>();
  readonly #keys: (Buffer | undefined)[] = [];
  readonly #words: (Int32Array | undefined)[] = [];
  /** Only where the labels cannot be read from the key. */
  readonly #foreign = new Map<number, SeriesIdentity>();
  readonly #free: number[] = [];
  #successor = new Int32Array(0);
  #last = -1;
  /** The bytes that were searched last, and a view of them. */
  #bytes: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#bytes);
  /** No admitted series has an older last sample. */
  #oldest = Number.POSITIVE_INFINITY;

  constructor(
    public selected: readonly Selected[],
    readonly maxSeries: number,
  ) {
    this.members = selected.map(() => new Int32Array(0));
  }

  /** Slot of the key, -1 where it is not interned. Series come in the same order at each scrape: guess first. */
  find(bytes: Buffer, start: number, end: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    const last = this.#last;
    if (last >= 0) {
      const guess = this.#successor[last] ?? -1;
      const key = this.#keys[guess];
      const words = this.#words[guess];
      if (key !== undefined && words !== undefined && key.length === end - start) {
        if (sameKey(key, words, bytes, this.#view, start)) {
          this.#last = guess;
          return guess;
        }
      }
    }
    const slot = this.#slots.get(bytes.toString('latin1', start, end)) ?? -1;
    if (slot >= 0) this.#follow(slot);
    return slot;
  }

  intern(key: Buffer, identity: SeriesIdentity): number {
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#reserve(slot + 1);
    const own = Buffer.from(key);
    this.#slots.set(key.toString('latin1'), slot);
    this.#keys[slot] = own;
    this.#words[slot] = wordsOf(own);
    this.#successor[slot] = -1;
    this.admitted[slot] = 0;
    if (!readsAs(key.toString('utf8'), identity)) this.#foreign.set(slot, identity);
    this.#join(slot, identity);
    this.#follow(slot);
    return slot;
  }

  /** Whether the previous sample is one of a counter: it has a count, which a gauge's has not. */
  hasCounted(slot: number): boolean {
    return this.admitted[slot] === 1 && !Number.isNaN(this.count[slot]);
  }

  /** Whether the previous sample is one of a gauge. */
  hasValue(slot: number): boolean {
    return this.admitted[slot] === 1 && Number.isNaN(this.count[slot]);
  }

  /** Whether a series may have one more sample: a new one past the cap may not. */
  hasRoom(slot: number): boolean {
    return this.admitted[slot] === 1 || this.admittedCount < this.maxSeries;
  }

  /** Takes an accepted sample, the count of a gauge's being NaN; the caller has checked the cap. */
  accept(slot: number, t: number, count: number, sum: number): void {
    if (this.admitted[slot] === 0) {
      this.admitted[slot] = 1;
      this.admittedCount++;
    }
    if (t < this.#oldest) this.#oldest = t;
    this.t[slot] = t;
    this.count[slot] = count;
    this.sum[slot] = sum;
  }

  /** Forgets series that are long silent. Cheap when none can be. */
  forget(watermark: number): void {
    if (!(watermark - this.#oldest > FORGET_AFTER)) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.admitted[slot] !== 1) continue;
      const t = this.t[slot] ?? 0;
      if (watermark - t > FORGET_AFTER) {
        this.admitted[slot] = 0;
        this.admittedCount--;
      } else if (t < oldest) oldest = t;
    }
    this.#oldest = oldest;
  }

  /** Lets go of remembered keys without state when there are too many. Only between blocks: slots move. */
  trim(): void {
    if (this.#slots.size - this.admittedCount <= CACHED_KEYS) return;
    for (let slot = 0; slot < this.#keys.length; slot++) if (this.admitted[slot] !== 1) this.#release(slot);
  }

  /** Other selections: memberships are found anew, series that nobody wants any more are dropped. */
  reselect(selected: readonly Selected[]): void {
    for (let slot = 0; slot < this.#keys.length; slot++) this.#leave(slot);
    this.selected = selected;
    this.members = selected.map(() => new Int32Array(this.t.length));
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.#keys[slot] === undefined) continue;
      this.#join(slot, this.#identityOf(slot));
      if (this.wanted[slot] !== Wanted.not) continue;
      if (this.admitted[slot] === 1) this.admittedCount--;
      this.admitted[slot] = 0;
    }
  }

  save(to: StateWriter): void {
    const slots = [...this.#keys.keys()].filter((slot) => this.admitted[slot] === 1);
    to.list(slots, (slot) => {
      to.raw(this.#keys[slot] ?? Buffer.alloc(0));
      const foreign = this.#foreign.get(slot);
      to.bool(foreign !== undefined);
      if (foreign) {
        to.text(foreign.name);
        to.labels(foreign.labels);
      }
      to.f64(this.t[slot] ?? 0);
      to.f64(this.count[slot] ?? 0);
      to.f64(this.sum[slot] ?? 0);
      saveBuckets(to, this.buckets[slot] ?? null);
    });
  }

  static load(from: StateReader, selected: readonly Selected[], maxSeries: number): SeriesTable {
    const table = new SeriesTable(selected, maxSeries);
    from.list(() => {
      const key = from.raw();
      const foreign = from.bool() ? { name: from.text(), labels: from.labels() } : null;
      const slot = table.intern(key, foreign ?? parsedKey(key));
      table.accept(slot, from.f64(), from.f64(), from.f64());
      table.buckets[slot] = loadBuckets(from) ?? undefined;
    });
    return table;
  }

  #follow(slot: number): void {
    if (this.#last >= 0) this.#successor[this.#last] = slot;
    this.#last = slot;
  }

  #identityOf(slot: number): SeriesIdentity {
    return this.#foreign.get(slot) ?? parsedKey(this.#keys[slot] ?? Buffer.alloc(0));
  }

  #join(slot: number, { name, labels }: SeriesIdentity): void {
    let wanted: number = Wanted.not;
    let keeps = 0;
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.selected[s]?.membership(name, labels) ?? -1;
      const column = this.members[s];
      if (column) column[slot] = member;
      if (member < 0) continue;
      wanted = this.selected[s]?.selection.gauge ? Wanted.gauge : Wanted.cumulative;
      if (this.selected[s]?.selection.buckets) keeps = 1;
    }
    this.wanted[slot] = wanted;
    this.keepsBuckets[slot] = keeps;
    if (keeps === 0) this.buckets[slot] = undefined;
  }

  #leave(slot: number): void {
    if (this.#keys[slot] === undefined) return;
    for (let s = 0; s < this.selected.length; s++) {
      const member = this.members[s]?.[slot] ?? -1;
      if (member >= 0) this.selected[s]?.groups.release(member >> 1);
    }
  }

  #release(slot: number): void {
    const key = this.#keys[slot];
    if (key === undefined) return;
    this.#leave(slot);
    this.#slots.delete(key.toString('latin1'));
    this.#keys[slot] = undefined;
    this.#words[slot] = undefined;
    this.#foreign.delete(slot);
    this.buckets[slot] = undefined;
    this.#free.push(slot);
    this.#last = -1;
  }

  #reserve(needed: number): void {
    if (needed <= this.t.length) return;
    const capacity = Math.max(needed, this.t.length * 2, 64);
    this.t = copyTo(new Float64Array(capacity), this.t);
    this.count = copyTo(new Float64Array(capacity), this.count);
    this.sum = copyTo(new Float64Array(capacity), this.sum);
    this.admitted = copyTo(new Uint8Array(capacity), this.admitted);
    this.wanted = copyTo(new Uint8Array(capacity), this.wanted);
    this.keepsBuckets = copyTo(new Uint8Array(capacity), this.keepsBuckets);
    this.#successor = copyTo(new Int32Array(capacity), this.#successor);
    this.members = this.members.map((column) => copyTo(new Int32Array(capacity), column));
  }
}

function parsedKey(key: Buffer): SeriesIdentity {
  const identity = parseSeriesText(key.toString('utf8'));
  if (!identity) throw new RangeError(`state holds the unreadable series key ${key.toString('utf8')}`);
  return identity;
}

function copyTo<T extends Float64Array | Int32Array | Uint8Array>(wide: T, old: T): T {
  wide.set(old);
  return wide;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The whole words of a key, four bytes each, little endian. */
function wordsOf(key: Buffer): Int32Array {
  const view = viewOf(key);
  return Int32Array.from({ length: key.length >> 2 }, (_, i) => view.getInt32(4 * i, true));
}

/** From the end, where keys differ; the bytes behind the last whole word one by one. */
function sameKey(key: Buffer, words: Int32Array, bytes: Buffer, view: DataView, start: number): boolean {
  for (let i = key.length - 1; i >= 4 * words.length; i--) if (key[i] !== bytes[start + i]) return false;
  for (let i = words.length - 1; i >= 0; i--)
    if (words[i] !== view.getInt32(start + 4 * i, true)) return false;
  return true;
}
