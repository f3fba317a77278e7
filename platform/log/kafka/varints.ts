/** Reads zigzag varints, one behind the other. Whoever reads looks whether `at` is beyond the end. */
export class Varints {
  bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  next(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++] as number;
    let value = byte & 0x7f;
    let shift = 7;
    while (byte >= 0x80 && shift < 28) {
      byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    }
    this.at = at;
    return byte >= 0x80 ? this.#long(value) : (value >>> 1) ^ -(value & 1);
  }

  /** Goes on behind 28 bits, exact to 2^53. */
  #long(low: number): number {
    let value = low;
    let byte = 0x80;
    for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) {
      byte = this.bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
