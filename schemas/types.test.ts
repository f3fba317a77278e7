import { describe, expect, test } from 'vitest';
import { generateTypes } from './generate.js';
import { type AvroSchema, recordNames, schemaOf } from './index.js';

describe('schemas', () => {
  test('types.ts says what the schemas say', async () => {
    await expect(generateTypes()).toMatchFileSnapshot('./types.ts');
  });

  test.each(recordNames)('%s documents every field with its unit', (name) => {
    const undocumented: string[] = [];
    walk(schemaOf(name), (path, doc) => {
      if (!/\bms since the epoch|\((?:[^()]+)\)|\bin the unit of the metric/.test(doc))
        undocumented.push(path);
    });
    expect(undocumented).toEqual([]);
  });
});

function walk(schema: AvroSchema, visit: (path: string, doc: string) => void, at = ''): void {
  if (typeof schema === 'string') return;
  if (Array.isArray(schema)) {
    for (const branch of schema as readonly AvroSchema[]) walk(branch, visit, at);
    return;
  }
  const record = schema as Exclude<AvroSchema, string | readonly AvroSchema[]>;
  for (const field of record.fields ?? []) {
    const path = `${at}${record.name}.${field.name}`;
    if (field.type !== undefined && !isContainer(field.type)) visit(path, field.doc ?? '');
    walk(field.type, visit, `${path}/`);
  }
  if (record.items) walk(record.items, visit, at);
  if (typeof record.type !== 'string') walk(record.type, visit, at);
}

/** A field that only holds records has no unit of its own. */
const isContainer = (type: AvroSchema): boolean => JSON.stringify(type).includes('"record"');
