import { KeptBuckets } from './kept-buckets.js';
import { KeyTable } from './key-table.js';
import { Memberships, type SeriesOfSlots, Wanted } from './memberships.js';
import type { Selected } from './selected.js';
import { parseSeriesText, readsAs, type SeriesIdentity } from './series-text.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { widen } from './widen.js';

/** A series is forgotten when the watermark is more than this past its last sample, ms. */
const FORGET_AFTER = 3_600_000;
/** So many keys that hold no state are remembered, to find them again quickly. */
const CACHED_KEYS = 65_536;

/** How a series stands in a checkpoint: bits. */
const Kind = { foreign: 1, displaced: 2 } as const;

/**
 * The series of one partition, as small integers (slots), with their previous sample in columns.
 * A key is interned with its memberships; it is a series (admitted) once a sample of it was accepted.
 */
export class SeriesTable implements SeriesOfSlots {
  t = new Float64Array(0);
  count = new Float64Array(0);
  sum = new Float64Array(0);
  admitted = new Uint8Array(0);
  /** Of the previous sample, where they are kept; none where it came before they were. */
  readonly buckets = new KeptBuckets();
  readonly memberships: Memberships;
  admittedCount = 0;
  /** Whether a small fall of a counter is no reset. */
  jitter = false;
  readonly #keys = new KeyTable();
  /** Only where the labels cannot be read from the key. */
  readonly #foreign = new Map<number, SeriesIdentity>();
  /** No admitted series has an older last sample. */
  #oldest = Number.POSITIVE_INFINITY;

  constructor(
    selected: readonly Selected[],
    readonly maxSeries: number,
  ) {
    this.memberships = new Memberships(selected, this);
  }

  /** Slot of the key, -1 where it is not interned. */
  find(bytes: Buffer, start: number, end: number): number {
    return this.#keys.find(bytes, start, end);
  }

  /** Whether some selection wants the series as that type. */
  wants({ name, labels }: SeriesIdentity, gauge: boolean): boolean {
    const { selected } = this.memberships;
    return selected.some((one) => one.selection.gauge === gauge && one.selects(name, labels));
  }

  intern(key: Buffer, identity: SeriesIdentity, displaced: readonly number[] = []): number {
    const slot = this.#keys.add(key);
    this.#reserve(slot + 1);
    this.admitted[slot] = 0;
    if (!readsAs(key.toString('utf8'), identity)) this.#foreign.set(slot, identity);
    this.memberships.join(slot, identity, displaced);
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

  /** Whether a further sample changes nothing but the previous one: it is counted, and has its place in every group. */
  isSettled(slot: number): boolean {
    return this.admitted[slot] === 1 && this.memberships.displaced[slot] === 0;
  }

  /** Takes a later sample of such a series. */
  goOn(slot: number, t: number, count: number, sum: number): void {
    this.t[slot] = t;
    this.count[slot] = count;
    this.sum[slot] = sum;
  }

  /**
   * Takes an accepted sample, the count of a gauge's being NaN; the caller has checked the cap. Gives what the
   * series was a member of before, by selection, where that changes with this sample.
   */
  accept(slot: number, t: number, count: number, sum: number): readonly number[] | null {
    const { memberships } = this;
    let before: readonly number[] | null = null;
    if (this.admitted[slot] === 0) {
      this.#admit(slot);
      before = memberships.admit(slot);
    } else if (memberships.displaced[slot] === 1) before = memberships.revisit(slot);
    if (memberships.displaced[slot] === 1) memberships.countOverflow(slot);
    this.#remember(slot, t, count, sum);
    return before;
  }

  #admit(slot: number): void {
    this.admitted[slot] = 1;
    this.admittedCount++;
  }

  #remember(slot: number, t: number, count: number, sum: number): void {
    if (t < this.#oldest) this.#oldest = t;
    this.t[slot] = t;
    this.count[slot] = count;
    this.sum[slot] = sum;
  }

  /** Forgets series that are long silent. Cheap when none can be. */
  forget(watermark: number): void {
    if (!(watermark - this.#oldest > FORGET_AFTER)) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#keys.capacity; slot++) {
      if (this.admitted[slot] !== 1) continue;
      const t = this.t[slot] ?? 0;
      if (watermark - t > FORGET_AFTER) {
        this.admitted[slot] = 0;
        this.admittedCount--;
        this.memberships.leave(slot);
      } else if (t < oldest) oldest = t;
    }
    this.#oldest = oldest;
  }

  /** Lets go of remembered keys without state when there are too many. Only between blocks: slots move. */
  trim(): void {
    this.memberships.letGo();
    if (this.#keys.size - this.admittedCount <= CACHED_KEYS) return;
    this.#keys.retain((slot) => {
      if (this.admitted[slot] === 1) return true;
      this.memberships.drop(slot);
      this.#foreign.delete(slot);
      this.buckets.drop(slot);
      return false;
    });
  }

  /** Other selections: series that nobody wants any more are dropped. */
  reselect(selected: readonly Selected[]): void {
    const { memberships } = this;
    memberships.reselect(selected);
    for (const slot of this.interned(false)) {
      if (memberships.keepsBuckets[slot] === 0) this.buckets.drop(slot);
      if (memberships.wanted[slot] !== Wanted.not) continue;
      if (this.admitted[slot] === 1) this.admittedCount--;
      this.admitted[slot] = 0;
    }
  }

  /** Interned slots; in order by the bytes of their keys. */
  interned(inOrder: boolean): readonly number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#keys.capacity; slot++) if (this.#keys.has(slot)) slots.push(slot);
    if (!inOrder) return slots;
    const keyed = slots.map((slot) => [slot, this.#keys.bytesOf(slot)] as const);
    return keyed.sort(([, a], [, b]) => Buffer.compare(a, b)).map(([slot]) => slot);
  }

  identityOf(slot: number): SeriesIdentity {
    return this.#foreign.get(slot) ?? parsedKey(this.#keys.bytesOf(slot));
  }

  save(to: StateWriter): void {
    const slots = this.interned(false).filter((slot) => this.admitted[slot] === 1);
    to.list(slots, (slot) => {
      to.raw(this.#keys.bytesOf(slot));
      const foreign = this.#foreign.get(slot);
      const displaced = this.memberships.displacedIn(slot);
      to.u8((foreign ? Kind.foreign : 0) | (displaced.length > 0 ? Kind.displaced : 0));
      if (foreign) {
        to.text(foreign.name);
        to.labels(foreign.labels);
      }
      if (displaced.length > 0) to.list(displaced, (selection) => to.u32(selection));
      to.f64(this.t[slot] ?? 0);
      to.f64(this.count[slot] ?? 0);
      to.f64(this.sum[slot] ?? 0);
      this.buckets.save(to, slot);
    });
  }

  static load(from: StateReader, selected: readonly Selected[], maxSeries: number): SeriesTable {
    const table = new SeriesTable(selected, maxSeries);
    from.list(() => {
      const key = from.raw();
      const kind = from.u8();
      const foreign = kind & Kind.foreign ? { name: from.text(), labels: from.labels() } : null;
      const displaced = kind & Kind.displaced ? from.list(() => from.u32()) : [];
      const slot = table.intern(key, foreign ?? parsedKey(key), displaced);
      table.#admit(slot);
      table.memberships.restore(slot);
      table.#remember(slot, from.f64(), from.f64(), from.f64());
      table.buckets.load(from, slot);
    });
    return table;
  }

  #reserve(needed: number): void {
    if (needed <= this.t.length) return;
    const capacity = Math.max(needed, this.t.length * 2, 64);
    this.t = widen(new Float64Array(capacity), this.t);
    this.count = widen(new Float64Array(capacity), this.count);
    this.sum = widen(new Float64Array(capacity), this.sum);
    this.admitted = widen(new Uint8Array(capacity), this.admitted);
    this.memberships.reserve(capacity);
  }
}

function parsedKey(key: Buffer): SeriesIdentity {
  const identity = parseSeriesText(key.toString('utf8'));
  if (!identity) throw new RangeError(`state holds the unreadable series key ${key.toString('utf8')}`);
  return identity;
}
