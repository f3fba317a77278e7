import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AvroSchema, recordNames, schemaOf } from '../../schemas/index.js';
import { embeddedCodec } from './embedded.js';
import { fromJson, type Json, toJson } from './json.js';
import { anyOf } from './values.fixture.js';

const written = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

describe('a record as JSON', () => {
  test.each(recordNames)('%s comes back as it was, and the codec takes it', (name) => {
    const schema = schemaOf(name);
    const codec = embeddedCodec();
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const read = fromJson(schema, written(toJson(schema, value)));
        expect(read).toEqual(value);
        expect(() => codec.encode(name, read as never)).not.toThrow();
      }),
    );
  });

  test('has its fields in the order of the schema, maps in order of their keys', () => {
    const json = toJson(schemaOf('MetricRecord'), {
      labels: { route: '/a', Z: '1', method: 'GET' },
      name: 'n',
      buckets: [{ count: 1, le: Number.POSITIVE_INFINITY }],
      sum: Number.NaN,
      count: Number.NEGATIVE_INFINITY,
      startTimestamp: null,
      timestamp: 5,
    });
    expect(JSON.stringify(json)).toBe(
      '{"timestamp":5,"startTimestamp":null,"count":"-Inf","sum":"NaN","buckets":[{"le":"+Inf","count":1}],' +
        '"name":"n","labels":{"Z":"1","method":"GET","route":"/a"}}',
    );
  });

  test('has bytes in base64', () => {
    expect(toJson('bytes', Uint8Array.from([0, 255]))).toBe('AP8=');
  });
});

const metric = { timestamp: 1, count: 2, sum: 3, name: 'n', labels: {} };

describe('reading a record', () => {
  test('fills in what has a default', () => {
    expect(fromJson(schemaOf('MetricRecord'), metric)).toEqual({
      ...metric,
      startTimestamp: null,
      buckets: [],
      type: 'cumulative',
    });
  });

  test.each<[string, Json | undefined, string]>([
    ['nothing', undefined, 'value must be an object, not absent'],
    ['null', null, 'value must be an object, not null'],
    ['a list', [], 'value must be an object, not []'],
    ['a field too many', { ...metric, x: 1 }, 'value has no field "x"'],
    ['a field that every object has', { ...metric, toString: 1 }, 'value has no field "toString"'],
    [
      'a field too few',
      { ...metric, name: undefined as unknown as Json },
      'value.name must be a string, not absent',
    ],
    ['a text for a number', { ...metric, count: '2' }, 'value.count must be a double, not "2"'],
    [
      'a word that is no number',
      { ...metric, count: 'toString' },
      'value.count must be a double, not "toString"',
    ],
    ['null for a number', { ...metric, sum: null }, 'value.sum must be a double, not null'],
    ['part of a ms', { ...metric, timestamp: 1.5 }, 'value.timestamp must be a long, not 1.5'],
    [
      'a time beyond all',
      { ...metric, timestamp: 2 ** 53 - 1 },
      'value.timestamp must be a long, not 9007199254740991',
    ],
    [
      'a time as text',
      { ...metric, startTimestamp: 'now' },
      'value.startTimestamp must be a long, not "now"',
    ],
    ['a number for a text', { ...metric, name: 5 }, 'value.name must be a string, not 5'],
    ['a list for a map', { ...metric, labels: ['a'] }, 'value.labels must be an object, not ["a"]'],
    [
      'a number in a map',
      { ...metric, labels: { code: 200 } },
      'value.labels.code must be a string, not 200',
    ],
    ['a map for a list', { ...metric, buckets: {} }, 'value.buckets must be an array, not {}'],
    [
      'a bad item',
      { ...metric, buckets: [{ le: 1, count: 1 }, { le: 2 }] },
      'value.buckets[1].count must be a double, not absent',
    ],
  ])('refuses %s', (_, value, message) => {
    expect(() => fromJson(schemaOf('MetricRecord'), value)).toThrow(new TypeError(message));
  });

  test.each<[AvroSchema, Json, string]>([
    ['boolean', 'true', 'value must be a boolean, not "true"'],
    ['int', 2 ** 31, 'value must be an int, not 2147483648'],
    ['int', 0.5, 'value must be an int, not 0.5'],
    ['int', '5', 'value must be an int, not "5"'],
    ['bytes', [1], 'value must be a bytes, not [1]'],
    [
      { type: 'enum', symbols: ['firing', 'resolved'] },
      'fired',
      'value must be one of firing, resolved, not "fired"',
    ],
  ])('of %j refuses %j', (schema, value, message) => {
    expect(() => fromJson(schema, value)).toThrow(new TypeError(message));
  });
});
