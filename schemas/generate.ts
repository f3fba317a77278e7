import { type AvroSchema, recordNames, schemaOf } from './index.js';

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Uint8Array',
};

/** The TypeScript types of all schemas, as `types.ts` must read (a test holds the file to it). */
export function generateTypes(): string {
  const declared = new Map<string, string>();
  for (const name of recordNames) typeOf(schemaOf(name), declared);
  const index = recordNames.map((name) => `  ${name}: ${name};`).join('\n');
  return [
    '// Generated from the .avsc files. Renew it with: npx vitest run --project unit schemas -u',
    ...declared.values(),
    `/** Every record by its name. */\nexport interface RecordTypes {\n${index}\n}`,
    '',
  ].join('\n\n');
}

function typeOf(schema: AvroSchema, declared: Map<string, string>): string {
  if (typeof schema === 'string') return primitives[schema] ?? schema;
  if (isUnion(schema)) return schema.map((branch) => typeOf(branch, declared)).join(' | ');
  switch (schema.type) {
    case 'array':
      return `readonly ${element(typeOf(schema.items ?? 'null', declared))}[]`;
    case 'map':
      return `Readonly<Record<string, ${typeOf(schema.values ?? 'null', declared)}>>`;
    case 'enum':
      return (schema.symbols ?? []).map((symbol) => `'${symbol}'`).join(' | ');
    case 'record':
      return declare(schema, declared);
    default:
      return typeOf(schema.type, declared);
  }
}

function declare(schema: Extract<AvroSchema, { name?: string }>, declared: Map<string, string>): string {
  const name = schema.name ?? 'Unnamed';
  const fields = (schema.fields ?? []).map(
    (field) => `  /** ${field.doc ?? ''} */\n  readonly ${field.name}: ${typeOf(field.type, declared)};`,
  );
  const text = `/** ${schema.doc ?? ''} */\nexport interface ${name} {\n${fields.join('\n')}\n}`;
  if (!declared.has(name)) declared.set(name, text);
  return name;
}

const element = (type: string): string => (type.includes(' | ') ? `(${type})` : type);

const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema);
