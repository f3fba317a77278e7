import type { AvroField, AvroSchema } from '../../schemas/index.js';

type Named = Exclude<AvroSchema, string | readonly AvroSchema[]>;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const nonFinite: Readonly<Record<string, number>> = { NaN: Number.NaN, '+Inf': Infinity, '-Inf': -Infinity };

const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema);
const typeName = (schema: AvroSchema): string =>
  typeof schema === 'string' ? schema : isUnion(schema) ? 'union' : typeName(schema.type);

/**
 * A record as JSON: fields under the schema's names, times in ms, unions plain, map keys sorted,
 * doubles that JSON lacks as "NaN", "+Inf", "-Inf", bytes in base64.
 */
export function toJson(schema: AvroSchema, value: unknown): Json {
  if (isUnion(schema))
    return value === null ? null : toJson(schema.find((one) => one !== 'null') ?? 'null', value);
  if (typeof schema === 'string' || typeof schema.type !== 'string')
    return primitive(typeName(schema), value);
  switch (schema.type) {
    case 'record':
      return Object.fromEntries(
        fieldsOf(schema).map(({ name, type }) => [
          name,
          toJson(type, (value as Record<string, unknown>)[name]),
        ]),
      );
    case 'array':
      return (value as readonly unknown[]).map((one) => toJson(schema.items ?? 'null', one));
    case 'map': {
      const entries = Object.entries(value as Record<string, unknown>);
      entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return Object.fromEntries(entries.map(([key, one]) => [key, toJson(schema.values ?? 'null', one)]));
    }
    default:
      return primitive(schema.type, value);
  }
}

function primitive(type: string, value: unknown): Json {
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (type !== 'double' || Number.isFinite(value)) return value as Json;
  return Number.isNaN(value) ? 'NaN' : (value as number) > 0 ? '+Inf' : '-Inf';
}

/** The record that the JSON describes; throws TypeError naming the path of what does not fit. */
export function fromJson(schema: AvroSchema, value: Json | undefined, path = 'value'): unknown {
  if (isUnion(schema)) {
    return value === null || value === undefined
      ? null
      : fromJson(schema.find((one) => one !== 'null') ?? 'null', value, path);
  }
  if (typeof schema === 'string' || typeof schema.type !== 'string')
    return read(typeName(schema), value, path);
  switch (schema.type) {
    case 'record':
      return recordOf(schema, object(value, path), path);
    case 'array':
      if (!Array.isArray(value)) throw misfit(path, 'an array', value);
      return value.map((one: Json, i) => fromJson(schema.items ?? 'null', one, `${path}[${i}]`));
    case 'map':
      return Object.fromEntries(
        Object.entries(object(value, path)).map(([key, one]) => [
          key,
          fromJson(schema.values ?? 'null', one, `${path}.${key}`),
        ]),
      );
    case 'enum':
      if (typeof value === 'string' && schema.symbols?.includes(value)) return value;
      throw misfit(path, `one of ${schema.symbols?.join(', ')}`, value);
    default:
      return read(schema.type, value, path);
  }
}

function recordOf(
  schema: Named,
  value: Readonly<Record<string, Json>>,
  path: string,
): Record<string, unknown> {
  const known = fieldsOf(schema);
  const unknown = Object.keys(value).find((key) => !known.some(({ name }) => name === key));
  if (unknown !== undefined) throw new TypeError(`${path} has no field "${unknown}"`);
  return Object.fromEntries(
    known.map((field) => {
      const given = value[field.name];
      const filled = given === undefined && 'default' in field ? (field.default as Json) : given;
      return [field.name, fromJson(field.type, filled, `${path}.${field.name}`)];
    }),
  );
}

function read(type: string, value: Json | undefined, path: string): unknown {
  if (type === 'string' && typeof value === 'string') return value;
  if (type === 'boolean' && typeof value === 'boolean') return value;
  if (type === 'bytes' && typeof value === 'string') return Buffer.from(value, 'base64');
  if (type === 'int' && value === ((value as number) | 0)) return value;
  if (type === 'long' && isLong(value)) return value;
  if (type === 'double' && typeof value === 'number') return value;
  if (type === 'double' && typeof value === 'string' && Object.hasOwn(nonFinite, value))
    return nonFinite[value];
  throw misfit(path, type === 'int' ? 'an int' : `a ${type}`, value);
}

/** A whole number that avsc writes: one less than the greatest safe one. */
const isLong = (value: Json | undefined): boolean =>
  Number.isSafeInteger(value) && Math.abs(value as number) < Number.MAX_SAFE_INTEGER;

function object(value: Json | undefined, path: string): Readonly<Record<string, Json>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw misfit(path, 'an object', value);
  return value as Readonly<Record<string, Json>>;
}

const fieldsOf = (schema: Named): readonly AvroField[] => schema.fields ?? [];

const misfit = (path: string, wanted: string, got: Json | undefined): TypeError =>
  new TypeError(`${path} must be ${wanted}, not ${got === undefined ? 'absent' : JSON.stringify(got)}`);
