import { type RecordName, schemaOf, schemaVersions } from '../../schemas/index.js';
import { foreign, frame, type Known, type Own, ours, unframe } from './avro.js';
import { type Codec, CodecError } from './codec.js';

/** The codec of the embedded mode: the schemas of this package, with their place in its list as id; the last one of a name writes. */
export function embeddedCodec(): Codec {
  const versions = schemaVersions();
  const last = new Map(versions.map(([name], index) => [name, index]));
  const byName = new Map<RecordName, Own>();
  const entries = versions.map(([name, writer], index): Known => {
    if (last.get(name) !== index) return foreign(index + 1, name, { writer, reader: schemaOf(name) });
    const own = ours(index + 1, name, writer);
    byName.set(name, own);
    return own;
  });
  const entry = (name: RecordName): Own => {
    const found = byName.get(name);
    if (!found) throw new CodecError('UnknownSchema', `no schema is called ${name}`);
    return found;
  };
  const known = (id: number): Known | undefined => entries[id - 1];
  return {
    encode: (name, value) => frame(entry(name), value),
    decode: (bytes) => unframe(bytes, known),
    idOf: (name) => entry(name).id,
    typeOf: (id) => known(id)?.name,
    writerSchema: (id) => known(id)?.schema,
    grows: false,
    load: (id) => Promise.resolve(known(id) !== undefined),
  };
}
