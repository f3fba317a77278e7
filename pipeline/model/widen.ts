/** What was in a column, in a wider one. */
export function widen<T extends Float64Array | Int32Array | Uint8Array>(wide: T, old: T): T {
  wide.set(old);
  return wide;
}
