import type { LogRecord } from '../event-log.js';
import { crc32c } from './crc32c.js';

const HEADER = 61;
const LENGTH = 8;
const BEHIND_LENGTH = 12;
const CRC = 17;
const BEHIND_CRC = 21;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;
/** Attributes, time and number of headers, a byte each, and four lengths of at most five. */
const RECORD_OVERHEAD = 23;

export interface BatchHead {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record, counted per partition and producer. */
  readonly firstSequence: number;
  /** Of all records, ms. */
  readonly time: number;
}

/** Bytes that a record batch of these takes, at most. */
export const mostBytes = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + value.length + RECORD_OVERHEAD, HEADER);

/** Writes a record batch (version 2) of a transaction, not compressed; returns where it ends. */
export function writeBatch(
  into: Buffer,
  start: number,
  records: readonly LogRecord[],
  head: BatchHead,
): number {
  let at = into.writeBigInt64BE(0n, start);
  at = into.writeInt32BE(0, at);
  at = into.writeInt32BE(0, at);
  at = into.writeInt8(MAGIC, at);
  at = into.writeUInt32BE(0, at);
  at = into.writeInt16BE(TRANSACTIONAL, at);
  at = into.writeInt32BE(records.length - 1, at);
  at = into.writeBigInt64BE(BigInt(head.time), at);
  at = into.writeBigInt64BE(BigInt(head.time), at);
  at = into.writeBigInt64BE(head.producerId, at);
  at = into.writeInt16BE(head.producerEpoch, at);
  at = into.writeInt32BE(head.firstSequence, at);
  at = into.writeInt32BE(records.length, at);
  for (const [i, record] of records.entries()) at = writeRecord(into, at, i, record);
  into.writeInt32BE(at - start - BEHIND_LENGTH, start + LENGTH);
  into.writeUInt32BE(crc32c(into, start + BEHIND_CRC, at), start + CRC);
  return at;
}

function writeRecord(into: Buffer, start: number, offsetDelta: number, { key, value }: LogRecord): number {
  const keySize = key === null ? sizeOf(-1) : sizeOf(key.length) + key.length;
  const length = 3 + sizeOf(offsetDelta) + keySize + sizeOf(value.length) + value.length;
  let at = writeVarint(into, start, length);
  // Attributes, and the time since that of the batch.
  into[at++] = 0;
  into[at++] = 0;
  at = writeVarint(into, at, offsetDelta);
  at = writeVarint(into, at, key === null ? -1 : key.length);
  if (key !== null) into.set(key, at);
  at += key?.length ?? 0;
  at = writeVarint(into, at, value.length);
  into.set(value, at);
  at += value.length;
  // No headers.
  into[at++] = 0;
  return at;
}

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

const sizeOf = (value: number): number => Math.max(1, Math.ceil((32 - Math.clz32(zigzag(value))) / 7));

function writeVarint(into: Buffer, start: number, value: number): number {
  let at = start;
  let rest = zigzag(value);
  for (; rest >= 0x80; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80;
  into[at++] = rest;
  return at;
}
