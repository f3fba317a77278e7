import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RecordName, recordNames, schemaOf } from '../../schemas/index.js';
import { comparison } from '../../test/json-schemas.js';
import { type Json, toJson } from './json.js';
import { jsonSchemas } from './json-schema.js';
import { anyOf } from './values.fixture.js';

/** What differs between a value and the schema of that record. */
function differs(name: RecordName): (value: unknown) => string {
  return comparison(Object.fromEntries(jsonSchemas(schemaOf(name))))({
    $ref: `#/components/schemas/${name}`,
  });
}

describe('the JSON Schema of a record', () => {
  test.each(recordNames)(
    '%s takes what is printed of it, and nothing that lacks a field or has another',
    (name) => {
      const schema = schemaOf(name);
      const against = differs(name);
      fc.assert(
        fc.property(anyOf(schema), (value) => {
          const printed = toJson(schema, value) as Readonly<Record<string, Json>>;
          expect(against(printed)).toBe('');
          for (const field of Object.keys(printed)) {
            const { [field]: _, ...rest } = printed;
            expect(against(rest)).toContain(`must have required property '${field}'`);
          }
          expect(against({ ...printed, other: 1 })).toContain('must NOT have additional properties');
        }),
      );
    },
  );

  test('tells numbers from texts, and knows those that JSON lacks', () => {
    const against = differs('Watermark');
    expect(against({ timestamp: 1, source: 's', partitions: 2 })).toBe('');
    expect(against({ timestamp: '1', source: 's', partitions: 2 })).toContain('must be integer');
    expect(against({ timestamp: 1.5, source: 's', partitions: 2 })).toContain('must be integer');
    expect(against({ timestamp: 1, source: null, partitions: 2 })).toContain('must be string');
    const bucket = { le: '+Inf', count: 1 };
    const compare = comparison(Object.fromEntries(jsonSchemas(schemaOf('WindowRecord'))));
    const againstBucket = compare({ $ref: '#/components/schemas/Bucket' });
    expect(againstBucket(bucket)).toBe('');
    expect(againstBucket({ ...bucket, le: 'Infinity' })).toContain('must be equal to one of');
  });

  test('says what each field means', () => {
    expect(jsonSchemas(schemaOf('AlertRecord')).get('AlertRecord')).toMatchObject({
      properties: {
        windowEnd: { type: 'integer', description: 'End of the deciding window, ms since the epoch.' },
        rule: { $ref: '#/components/schemas/RuleRef', description: 'The rule that decided.' },
      },
    });
  });

  test('of a type that is not printed is none', () => {
    expect(() => jsonSchemas('Decimal')).toThrow('no JSON Schema for the Avro type "Decimal"');
  });
});
