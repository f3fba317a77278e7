/** Castagnoli's polynomial, bits in reverse order. */
const POLYNOMIAL = 0x82f6_3b78;
const SLICES = 8;

/** Of a byte that has so many others behind it: what it leaves of the remainder. Slice by slice, 256 each. */
const tables = ((): Int32Array => {
  const made = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    made[byte] = rest;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] as number;
    made[at] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
})();

const slice = (i: number): Int32Array => tables.subarray(256 * i, 256 * (i + 1));
const [t0, t1, t2, t3] = [slice(0), slice(1), slice(2), slice(3)];
const [t4, t5, t6, t7] = [slice(4), slice(5), slice(6), slice(7)];

/**
 * The CRC-32C of a record batch, eight bytes at a time: "slicing-by-8" of Kounavis and Berry, "Novel Table Lookup-Based
 * Algorithms for High-Performance CRC Generation" (IEEE Transactions on Computers, 2008).
 */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (; at + SLICES <= end; at += SLICES) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    crc =
      (t7[a & 0xff] as number) ^
      (t6[(a >>> 8) & 0xff] as number) ^
      (t5[(a >>> 16) & 0xff] as number) ^
      (t4[a >>> 24] as number) ^
      (t3[b & 0xff] as number) ^
      (t2[(b >>> 8) & 0xff] as number) ^
      (t1[(b >>> 16) & 0xff] as number) ^
      (t0[b >>> 24] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
