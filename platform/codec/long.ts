/**
 * Source of a reader of Avro longs of more than a byte, for generated code: leaves the place behind the
 * value in `at`, -1 where there is none that a number can hold.
 */
export const readLong = `let at = 0;
function long(b, p, end) {
  let low = 0, shift = 0, byte = 0;
  // Times, in ms since the epoch, take six bytes.
  if (end - p >= 6) {
    const b0 = b[p], b1 = b[p + 1], b2 = b[p + 2], b3 = b[p + 3], b4 = b[p + 4], b5 = b[p + 5];
    if ((b0 & b1 & b2 & b3 & b4) > 127 && b5 < 128) {
      at = p + 6;
      low = (b0 & 127) | (b1 & 127) << 7 | (b2 & 127) << 14 | (b3 & 127) << 21;
      const half = (low >>> 1) + ((b4 & 127) | b5 << 7) * 134217728;
      return low & 1 ? -half - 1 : half;
    }
  }
  do {
    if (p >= end) { at = -1; return 0; }
    byte = b[p++];
    if (shift < 28) low |= (byte & 127) << shift;
    else return wide(b, p, end, low, byte);
    shift += 7;
  } while (byte > 127);
  at = p;
  return (low >>> 1) ^ -(low & 1);
}
function wide(b, p, end, low, byte) {
  let half = low >>> 1, factor = 134217728;
  for (let n = 5; ; n++) {
    half += (byte & 127) * factor;
    if (byte < 128) break;
    if (n === 10 || p >= end) { at = -1; return 0; }
    byte = b[p++];
    factor *= 128;
  }
  at = half < 9007199254740990 ? p : -1;
  return low & 1 ? -half - 1 : half;
}`;
