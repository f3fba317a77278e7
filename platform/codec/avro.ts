import avro from 'avsc';
import type { AvroSchema, RecordName } from '../../schemas/index.js';
import type { RecordTypes } from '../../schemas/types.js';
import { CodecError, type Decoded } from './codec.js';
import { compileCheck } from './metric-reader.js';
import { compileReader, type Reader } from './reader.js';
import { compileWriter, type Writer } from './writer.js';

/** Bytes before the Avro payload: a zero, and the schema id. */
export const FRAME = 5;

/** A schema that records are written with, and how they are read. */
export interface Known {
  readonly id: number;
  readonly name: RecordName;
  /** The writer's. */
  readonly schema: AvroSchema;
  readonly read: Reader;
}

/** A schema of this package: written and read with itself. */
export interface Own extends Known {
  readonly write: Writer;
}

export const ours = (id: number, name: RecordName, schema: AvroSchema): Own => ({
  ...{ id, name, schema },
  write: compileWriter(schema),
  read: compileReader(schema),
});

/** A schema of another version, read as ours; throws where that cannot be. */
export function foreign(
  id: number,
  name: RecordName,
  schemas: { writer: AvroSchema; reader: AvroSchema },
): Known {
  // Times stay plain numbers of ms. Of the writer no value is ever made, so its unions may be any.
  const type = avro.Type.forSchema(schemas.reader as avro.Schema, { wrapUnions: false, logicalTypes: {} });
  const writer = avro.Type.forSchema(schemas.writer as avro.Schema, { logicalTypes: {} });
  const resolver = type.createResolver(writer);
  const isWhole = compileCheck(schemas.writer);
  const read: Reader = (bytes, start, end) =>
    isWhole(bytes, start, end)
      ? (type.decode(bytes, start, resolver) as { value: unknown }).value
      : undefined;
  return { id, name, schema: schemas.writer, read };
}

const SLAB = 64 * 1024;

/** Records are written one behind the other: how long one gets is known when it is written. */
let slab = Buffer.allocUnsafeSlow(SLAB);
let used = 0;

export function frame<Name extends RecordName>({ id, name, write }: Own, value: RecordTypes[Name]): Buffer {
  try {
    let end = write(value, slab, used + FRAME);
    if (end - used > SLAB) {
      // A large one has memory of its own, and the slab goes on behind it.
      const own = Buffer.allocUnsafeSlow(end - used);
      write(value, own, FRAME);
      return framed(own, id);
    }
    if (end > slab.length) {
      slab = Buffer.allocUnsafeSlow(SLAB);
      used = 0;
      end = write(value, slab, FRAME);
    }
    const bytes = slab.subarray(used, end);
    used = end;
    return framed(bytes, id);
  } catch (cause) {
    throw new CodecError('Invalid', `encoding ${name}: ${reason(cause)}`, { cause });
  }
}

function framed(bytes: Buffer, id: number): Buffer {
  bytes[0] = 0;
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

/** `why` says what is to be said of an id that `known` has nothing for. */
export function unframe(
  bytes: Uint8Array,
  known: (id: number) => Known | undefined,
  why = (id: number): string => `schema id ${id} is not known`,
): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < FRAME || buffer[0] !== 0)
    throw new CodecError('NotFramed', 'the value is not framed: it must begin with 0 and a schema id');
  const id = buffer.readUInt32BE(1);
  const entry = known(id);
  if (!entry) throw new CodecError('UnknownSchema', why(id));
  const value = readWith(entry, buffer);
  if (value === undefined)
    throw new CodecError('Damaged', `decoding ${entry.name}: the record is cut off or damaged`);
  return { type: entry.name, value } as Decoded;
}

function readWith({ name, read }: Known, buffer: Buffer): unknown {
  try {
    return read(buffer, FRAME, buffer.length);
  } catch (cause) {
    throw new CodecError('Damaged', `decoding ${name}: ${reason(cause)}`, { cause });
  }
}

export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
