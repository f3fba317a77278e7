import avro from 'avsc';
import { type AvroSchema, type RecordName, recordNames, schemaOf } from '../../schemas/index.js';
import type { RecordTypes } from '../../schemas/types.js';
import { type Codec, CodecError, type Decoded } from './codec.js';
import { type Check, compileCheck } from './metric-reader.js';

const FRAME = 5;

interface Entry {
  readonly id: number;
  readonly name: RecordName;
  readonly schema: AvroSchema;
  readonly type: avro.Type;
  readonly isWhole: Check;
}

/** The codec of the embedded mode: the schemas of this package, with their place in its list as id. */
export function embeddedCodec(): Codec {
  const entries = recordNames.map((name, index): Entry => {
    const schema = schemaOf(name);
    return { id: index + 1, name, schema, type: compile(schema), isWhole: compileCheck(schema) };
  });
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const entry = (name: RecordName): Entry => {
    const found = byName.get(name);
    if (!found) throw new CodecError('UnknownSchema', `no schema is called ${name}`);
    return found;
  };
  return {
    encode: (name, value) => frame(entry(name), value),
    decode: (bytes) => unframe(entries, bytes),
    idOf: (name) => entry(name).id,
    typeOf: (id) => entries[id - 1]?.name,
    writerSchema: (id) => entries[id - 1]?.schema,
    grows: false,
    load: (id) => Promise.resolve(entries[id - 1] !== undefined),
  };
}

/** Where a record is written before it is known how long it gets. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

function frame<Name extends RecordName>({ id, name, type }: Entry, value: RecordTypes[Name]): Buffer {
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

function unframe(entries: readonly Entry[], bytes: Uint8Array): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < FRAME || buffer[0] !== 0)
    throw new CodecError('NotFramed', 'the value is not framed: it must begin with 0 and a schema id');
  const id = buffer.readUInt32BE(1);
  const entry = entries[id - 1];
  if (!entry) throw new CodecError('UnknownSchema', `schema id ${id} is not known`);
  if (!entry.isWhole(buffer, FRAME, buffer.length)) {
    throw new CodecError('Damaged', `decoding ${entry.name}: the record is cut off or damaged`);
  }
  try {
    const { value } = entry.type.decode(buffer, FRAME) as { value: unknown };
    return { type: entry.name, value } as Decoded;
  } catch (cause) {
    throw new CodecError('Damaged', `decoding ${entry.name}: ${reason(cause)}`, { cause });
  }
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Times stay plain numbers of ms, and maps are written in order of their keys. */
function compile(schema: AvroSchema): avro.Type {
  const options = {
    wrapUnions: false,
    logicalTypes: { 'sorted-map': SortedMap },
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
