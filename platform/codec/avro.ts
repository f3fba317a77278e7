import avro from 'avsc';
import type { AvroSchema, RecordName } from '../../schemas/index.js';
import type { RecordTypes } from '../../schemas/types.js';
import { CodecError, type Decoded } from './codec.js';
import { type Check, compileCheck } from './metric-reader.js';

/** Bytes before the Avro payload: a zero, and the schema id. */
export const FRAME = 5;

/** A schema that records are written with, and how they are read. */
export interface Known {
  readonly id: number;
  readonly name: RecordName;
  /** The writer's. */
  readonly schema: AvroSchema;
  /** Ours. */
  readonly type: avro.Type;
  /** From the writer's to ours, where they differ. */
  readonly resolver?: Resolver;
  readonly isWhole: Check;
}

type Resolver = ReturnType<avro.Type['createResolver']>;

/** A schema of this package: written and read with itself. */
export const ours = (id: number, name: RecordName, schema: AvroSchema): Known => ({
  id,
  name,
  schema,
  type: compile(schema, { 'sorted-map': SortedMap }),
  isWhole: compileCheck(schema),
});

/** A schema of another version, read as ours; throws where that cannot be. */
export function foreign(
  id: number,
  name: RecordName,
  schemas: { writer: AvroSchema; reader: AvroSchema },
): Known {
  const { writer, reader } = schemas;
  // Maps are sorted for writing alone; and of the writer no value is ever made, so its unions may be any.
  const type = compile(reader, {});
  const resolver = type.createResolver(avro.Type.forSchema(writer as avro.Schema, { logicalTypes: {} }));
  return { id, name, schema: writer, type, resolver, isWhole: compileCheck(writer) };
}

/** Where a record is written before it is known how long it gets. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

export function frame<Name extends RecordName>({ id, name, type }: Known, value: RecordTypes[Name]): Buffer {
  try {
    let end = type.encode(value, scratch, FRAME);
    if (end < 0) {
      // So many bytes were missing.
      scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end));
      end = type.encode(value, scratch, FRAME);
    }
    scratch[0] = 0;
    scratch.writeUInt32BE(id, 1);
    return Buffer.from(scratch.subarray(0, end));
  } catch (cause) {
    throw new CodecError('Invalid', `encoding ${name}: ${reason(cause)}`, { cause });
  }
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
  if (!entry.isWhole(buffer, FRAME, buffer.length)) {
    throw new CodecError('Damaged', `decoding ${entry.name}: the record is cut off or damaged`);
  }
  try {
    const { value } = entry.type.decode(buffer, FRAME, entry.resolver) as { value: unknown };
    return { type: entry.name, value } as Decoded;
  } catch (cause) {
    throw new CodecError('Damaged', `decoding ${entry.name}: ${reason(cause)}`, { cause });
  }
}

export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Times stay plain numbers of ms, and maps are written in order of their keys where there is a `sorted-map`. */
function compile(schema: AvroSchema, logicalTypes: Readonly<Record<string, typeof SortedMap>>): avro.Type {
  const options = {
    wrapUnions: false,
    logicalTypes,
    typeHook(attributes: MapSchema, inner: avro.ForSchemaOptions) {
      const { type, logicalType, values } = attributes;
      if (type !== 'map' || logicalType !== undefined) return undefined;
      const sorted = { type: 'map', values, logicalType: 'sorted-map' };
      return avro.Type.forSchema(sorted as unknown as avro.Schema, inner);
    },
  };
  return avro.Type.forSchema(schema as avro.Schema, options as unknown as avro.ForSchemaOptions);
}

interface MapSchema {
  readonly type?: string;
  readonly logicalType?: string;
  readonly values?: unknown;
}

class SortedMap extends avro.types.LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    const map = value as Readonly<Record<string, string>>;
    const keys = Object.keys(map);
    let sorted = true;
    for (let i = 1; i < keys.length; i++) sorted &&= (keys[i - 1] ?? '') < (keys[i] ?? '');
    if (sorted) return map;
    return Object.fromEntries(keys.sort().map((key) => [key, map[key]]));
  }
}
