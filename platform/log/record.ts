/** A position in a partition. Offsets grow, but may have gaps. */
export type Offset = number;

export interface LogRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
}
