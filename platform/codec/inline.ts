import type { AvroField, AvroSchema } from '../../schemas/index.js';

/** A schema that is written as an object. */
export type Named = Exclude<AvroSchema, string | readonly AvroSchema[]>;

const defining = new Set(['record', 'enum', 'fixed']);

/** A schema that cannot be written out without end. */
export class RecursiveSchema extends Error {
  override readonly name = 'RecursiveSchema';
}

/** The same schema with each reference to a named type replaced by its definition. Throws `RecursiveSchema`. */
export function inline(schema: AvroSchema): AvroSchema {
  return walk(schema, { names: new Map(), namespace: '' });
}

interface Scope {
  /** Definitions by full name; null while one is being written out. */
  readonly names: Map<string, AvroSchema | null>;
  readonly namespace: string;
}

function walk(schema: AvroSchema, scope: Scope): AvroSchema {
  if (typeof schema === 'string') return referred(schema, scope);
  if (Array.isArray(schema)) return schema.map((branch: AvroSchema) => walk(branch, scope));
  const named = schema as Named;
  const { type } = named;
  if (typeof type !== 'string') return walk(type, scope);
  if (!defining.has(type)) {
    if (type === 'array') return { ...named, items: walk(named.items ?? 'null', scope) };
    if (type === 'map') return { ...named, values: walk(named.values ?? 'null', scope) };
    return scope.names.has(fullName(type, scope.namespace)) ? referred(type, scope) : named;
  }
  const name = fullName(named.name ?? '', named.namespace ?? scope.namespace);
  const inner = { names: scope.names, namespace: name.slice(0, Math.max(0, name.lastIndexOf('.'))) };
  scope.names.set(name, null);
  const fields = named.fields?.map((field): AvroField => ({ ...field, type: walk(field.type, inner) }));
  const whole: AvroSchema = fields === undefined ? named : { ...named, fields };
  scope.names.set(name, whole);
  return whole;
}

function referred(name: string, { names, namespace }: Scope): AvroSchema {
  const full = names.has(fullName(name, namespace)) ? fullName(name, namespace) : name;
  const found = names.get(full);
  if (found === null) throw new RecursiveSchema(`${full} holds itself`);
  return found ?? name;
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

/** The primitive behind a logical type, or the kind of a complex one. */
export const base = (type: AvroSchema): string =>
  typeof type === 'string' ? type : Array.isArray(type) ? 'union' : base((type as Named).type);
