import type { JsonSchema } from '../../platform/codec/json-schema.js';

export const text = (description: string): JsonSchema => ({ type: 'string', description });
export const number = (description: string): JsonSchema => ({ type: 'number', description });
export const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
export const instant = (description: string): JsonSchema => ({
  ...{ type: 'integer', format: 'int64', description: `${description}, ms since the epoch.` },
});
export const duration = (description: string): JsonSchema => ({
  type: 'number',
  description: `${description}, ms.`,
});
export const orNull = ({ description = '', ...schema }: JsonSchema): JsonSchema => ({
  ...{ anyOf: [schema, { type: 'null' }], description },
});
export const texts = (description: string): JsonSchema => ({
  ...{ type: 'object', additionalProperties: { type: 'string' }, description },
});

export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** All of its fields are there. */
export const object = (
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema => ({
  ...{ type: 'object', description, properties, required: Object.keys(properties) },
});
