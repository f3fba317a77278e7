import type { JsonSchema } from '../../platform/codec/json-schema.js';
import type { Parameter } from './api.js';
import { severities, states } from './query.js';

const text: JsonSchema = { type: 'string' };

export const inQuery = (name: string, description: string, schema: JsonSchema = text): Parameter => ({
  ...{ name, in: 'query', description, schema },
});

export const inPath = (name: string, description: string): Parameter => ({
  ...{ name, in: 'path', required: true, description, schema: text },
});

const words = (name: string, description: string, known: readonly string[]): Parameter => ({
  ...inQuery(name, description, { type: 'array', items: { type: 'string', enum: known } }),
  explode: false,
});

/** A time, for which people may say how long ago it was. */
export const timeIn = (name: string, what: string): Parameter =>
  inQuery(name, `${what}: how long ago (\`1h\`, \`90s\`, \`2d\`), or a time (\`2026-01-31T12:00:00Z\`).`);

export const match = inQuery(
  'match',
  'Those alone whose labels match this selector, as in a rule: `{service="checkout",route!~"/admin.*"}`.',
);

/** By which alerts are chosen. */
export const alertFilters: readonly Parameter[] = [
  {
    ...match,
    description: `${match.description} A name before it is that of the alert.`,
  },
  words('state', 'Those alone that are in, or enter, one of these states.', states),
  words('severity', 'Those alone of one of these severities.', severities),
];

/** `usual` where all are given unless `limit` is. */
export const paging = (usual: string, most: number): readonly Parameter[] => [
  inQuery('limit', `How many at most: ${usual}. More than ${most} are taken as so many.`, {
    ...{ type: 'integer', minimum: 1 },
  }),
  inQuery(
    'cursor',
    'Where the page begins, as the page before said it; it belongs to this list, and is not made by hand.',
  ),
];
