import { type RecordName, recordNames, schemaOf } from '../../schemas/index.js';
import { frame, type Known, type Own, ours, unframe } from './avro.js';
import { type Codec, CodecError } from './codec.js';

/** The codec of the embedded mode: the schemas of this package, with their place in its list as id. */
export function embeddedCodec(): Codec {
  const entries = recordNames.map((name, index) => ours(index + 1, name, schemaOf(name)));
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
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
