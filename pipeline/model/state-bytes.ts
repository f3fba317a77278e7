/**
 * What a state was written in is kept for the next one, as long as the process lives, if it is no larger than this:
 * states of some thousand groups with their baselines, bytes.
 */
const KEPT = 4 * 1024 * 1024;
let spare: Buffer | null = null;
const nothing = Buffer.alloc(0);

/** Writes a stage's state: compact, and bit-exact for doubles. */
export class StateWriter {
  #bytes: Buffer;
  #at = 0;

  constructor() {
    this.#bytes = spare ?? Buffer.allocUnsafe(4096);
    spare = null;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#at = this.#bytes.writeUInt8(value, this.#at);
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  raw(value: Uint8Array): void {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    this.raw(Buffer.from(value, 'utf8'));
  }

  labels(value: Readonly<Record<string, string>>): void {
    const names = Object.keys(value);
    this.u32(names.length);
    for (const name of names) {
      this.text(name);
      this.text(value[name] ?? '');
    }
  }

  /** Null is told apart from every double. */
  optional(value: number | null): void {
    this.bool(value !== null);
    if (value !== null) this.f64(value);
  }

  list<T>(values: Iterable<T>, write: (value: T) => void): void {
    const all = [...values];
    this.u32(all.length);
    for (const value of all) write(value);
  }

  /** All that was written; ends with that. */
  finish(): Buffer {
    const state = Buffer.from(this.#bytes.subarray(0, this.#at));
    const { length } = this.#bytes;
    if (length <= KEPT && length > (spare?.length ?? 0)) spare = this.#bytes;
    this.#bytes = nothing;
    this.#at = 0;
    return state;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** Reads what `StateWriter` wrote; throws RangeError past the end. */
export class StateReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  f64(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** The byte that comes next; it stays there. */
  get nextU8(): number {
    return this.#bytes.readUInt8(this.#at);
  }

  u8(): number {
    const value = this.nextU8;
    this.#at += 1;
    return value;
  }

  bool(): boolean {
    return this.u8() === 1;
  }

  raw(): Buffer {
    const length = this.u32();
    if (this.#at + length > this.#bytes.length) throw new RangeError('state ends early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.raw().toString('utf8');
  }

  labels(): Record<string, string> {
    const labels: Record<string, string> = {};
    for (let n = this.u32(); n > 0; n--) {
      const name = this.text();
      labels[name] = this.text();
    }
    return labels;
  }

  optional(): number | null {
    return this.bool() ? this.f64() : null;
  }

  list<T>(read: () => T): T[] {
    const values: T[] = [];
    for (let n = this.u32(); n > 0; n--) values.push(read());
    return values;
  }

  /** Whether all has been read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}
