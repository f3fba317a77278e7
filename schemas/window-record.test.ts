import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type AvroField, schemaOf } from './index.js';

const schema = schemaOf('WindowRecord') as { readonly fields: readonly AvroField[] };

/** What readers were built with in the first version: the fields may become more, but never other ones. */
const first = `metric string, selection string, group map, start timestamp-millis, end timestamp-millis,
  requests double, latencySum double, errors double, requestRate double, errorRatio null or double,
  meanLatency null or double, samples long, covered boolean, buckets null or array`.split(/,\s*/);

const kind = ({ type }: Pick<AvroField, 'type'>): string => {
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return type.map((one) => kind({ type: one })).join(' or ');
  const { type: inner, logicalType } = type as { readonly type: string; readonly logicalType?: string };
  return logicalType ?? inner;
};
const fields = schema.fields.map((field) => `${field.name} ${kind(field)}`);

test('readers of the first version find all their fields, and new ones have defaults for those of old records', () => {
  expect(fields).toEqual(expect.arrayContaining(first));
  const added = schema.fields.filter((_, i) => !first.includes(fields[i] ?? ''));
  expect(added.filter((one) => one.default === undefined)).toEqual([]);
});

test('docs/windows.md tells the fields as they are, in order', () => {
  const text = readFileSync('docs/windows.md', 'utf8');
  const rows = text.matchAll(/^\| `(\w+)` \| (?:long, )?(null or \w+|[\w-]+)[^|]*\|[^|]*\|[^|]*\|$/gm);
  const told = [...rows].map(([, name, type]) => `${name} ${type}`);
  expect(told).toEqual(fields);
});
