import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../platform/codec/json.js';
import type { JsonSchema } from '../platform/codec/json-schema.js';

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Refuses fields that are not named, wherever some are: who reads may pass over them, who writes may not. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in schema ? { additionalProperties: false, ...inner } : inner;
}

/** Of these components: for a schema, what differs between it and a value, fields too many included; '' if nothing. */
export function comparison(
  schemas: Readonly<Record<string, Json>>,
): (schema: JsonSchema) => (value: unknown) => string {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    formats: {
      ...{ int32: Number.isInteger, int64: Number.isInteger },
      'date-time': (text: string) => new Date(text).toISOString() === text,
    },
  });
  ajv.addVocabulary(['components', 'example']);
  const components = { schemas: closed(schemas) };
  return (schema) => {
    const validate = ajv.compile({ ...(closed(schema) as JsonSchema), components });
    return (value) => (validate(value) ? '' : ajv.errorsText(validate.errors));
  };
}
