import type { AvroField, AvroSchema } from '../../schemas/index.js';
import type { Json } from './json.js';

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, Json>>;

type Named = Exclude<AvroSchema, string | readonly AvroSchema[]>;

/** Name of the schema of doubles. */
export const DOUBLE = 'Double';
const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const primitives: Readonly<Record<string, JsonSchema>> = {
  null: { type: 'null' },
  boolean: { type: 'boolean' },
  int: { type: 'integer', format: 'int32' },
  long: { type: 'integer', format: 'int64' },
  float: reference(DOUBLE),
  double: reference(DOUBLE),
  string: { type: 'string' },
  bytes: { type: 'string', contentEncoding: 'base64' },
};

/**
 * The schemas of what `toJson` makes of a record, and of the records in it, by their names; as components of an
 * OpenAPI document, which is where they refer to each other. Throws RangeError for a type that it does not print.
 */
export function jsonSchemas(schema: AvroSchema): ReadonlyMap<string, JsonSchema> {
  const found = new Map<string, JsonSchema>([
    [DOUBLE, { description: 'A number.', anyOf: [{ type: 'number' }, { enum: ['NaN', '+Inf', '-Inf'] }] }],
  ]);
  schemaFor(schema, found);
  return found;
}

function schemaFor(schema: AvroSchema, found: Map<string, JsonSchema>): JsonSchema {
  if (isUnion(schema)) return { anyOf: schema.map((branch) => schemaFor(branch, found)) };
  if (typeof schema === 'string') return primitiveOf(schema);
  switch (schema.type) {
    case 'array':
      return { type: 'array', items: schemaFor(schema.items ?? 'null', found) };
    case 'map':
      return { type: 'object', additionalProperties: schemaFor(schema.values ?? 'null', found) };
    case 'enum':
      return { type: 'string', enum: schema.symbols ?? [] };
    case 'record':
      return recordOf(schema, found);
    default:
      return schemaFor(schema.type, found);
  }
}

function recordOf({ name = 'Unnamed', doc, fields = [] }: Named, found: Map<string, JsonSchema>): JsonSchema {
  const properties = fields.map((field): [string, JsonSchema] => [field.name, propertyOf(field, found)]);
  found.set(name, {
    type: 'object',
    ...(doc === undefined ? {} : { description: doc }),
    properties: Object.fromEntries(properties),
    // All of them are printed, those that are null too.
    required: fields.map((field) => field.name),
  });
  return reference(name);
}

function propertyOf({ type, doc }: AvroField, found: Map<string, JsonSchema>): JsonSchema {
  return { ...schemaFor(type, found), ...(doc === undefined ? {} : { description: doc }) };
}

function primitiveOf(name: string): JsonSchema {
  const known = primitives[name];
  if (!known) throw new RangeError(`there is no JSON Schema for the Avro type "${name}"`);
  return known;
}

const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema);
