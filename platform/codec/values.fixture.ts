import fc from 'fast-check';
import type { AvroSchema } from '../../schemas/index.js';

/** Any text but the one that is no key of an object. */
const keys = fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__');

/** Any value of a schema. JSON has no -0. */
export function anyOf(schema: AvroSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) return fc.oneof(...schema.map((one: AvroSchema) => anyOf(one)));
  const node =
    typeof schema === 'string'
      ? { type: schema }
      : (schema as Exclude<AvroSchema, string | readonly AvroSchema[]>);
  switch (node.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'long':
      // Further from 0 avsc writes some numbers as others.
      return fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    case 'double':
      return fc.double().map((value) => (value === 0 ? 0 : value));
    case 'string':
      return fc.string({ unit: 'binary' });
    case 'bytes':
      return fc.uint8Array().map((bytes) => Buffer.from(bytes));
    case 'enum':
      return fc.constantFrom(...(node.symbols ?? []));
    case 'array':
      return fc.array(anyOf(node.items ?? 'null'), { maxLength: 3 });
    case 'map':
      return fc.dictionary(keys, anyOf(node.values ?? 'null'), { noNullPrototype: true });
    case 'record':
      return fc.record(Object.fromEntries((node.fields ?? []).map(({ name, type }) => [name, anyOf(type)])), {
        noNullPrototype: true,
      });
    default:
      return anyOf(node.type);
  }
}
