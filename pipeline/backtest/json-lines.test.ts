import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decoded } from '../../platform/codec/codec.js';
import type { MetricRecord, Watermark } from '../../schemas/types.js';
import { seriesText } from '../model/text.js';
import { type InputLine, parseLine, parseResult, printLine } from './json-lines.js';

const metric: MetricRecord = {
  timestamp: 1_700_000_000_123,
  startTimestamp: null,
  count: 3,
  sum: 0.5,
  buckets: [],
  type: 'cumulative',
  name: 'http_request_duration_seconds',
  labels: { route: '/a', method: '' },
};
const watermark: Watermark = { timestamp: 5, source: 'spout', partitions: 8 };

const line = (parts: Readonly<Record<string, unknown>>): InputLine | null =>
  parseLine(JSON.stringify(parts), 4);

describe('printing', () => {
  test('gives topic, partition, offset, key, type and value', () => {
    expect(
      printLine(
        { topic: 'metrics', partition: 1, offset: 7, key: null },
        { type: 'Watermark', value: watermark },
      ),
    ).toBe(
      '{"topic":"metrics","partition":1,"offset":7,"key":null,"type":"Watermark","value":{"timestamp":5,"source":"spout","partitions":8}}',
    );
  });

  test('is undone by reading', () => {
    const number = fc.double().map((value) => (value === 0 ? 0 : value));
    const time = fc.integer({ min: -(2 ** 53 - 2), max: 2 ** 53 - 2 });
    const text = fc.string({ unit: 'binary' });
    const record: fc.Arbitrary<Decoded> = fc.oneof(
      fc.record({
        type: fc.constant('MetricRecord' as const),
        value: fc.record({
          timestamp: time,
          startTimestamp: fc.option(time),
          count: number,
          sum: number,
          buckets: fc.array(fc.record({ le: number, count: number })),
          name: text,
          labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), text),
          type: fc.constantFrom('cumulative' as const, 'gauge' as const),
        }),
      }),
      fc.record({
        type: fc.constant('Watermark' as const),
        value: fc.record({ timestamp: time, source: text, partitions: fc.nat() }),
      }),
    );
    fc.assert(
      fc.property(record, fc.nat(65_535), text, (one, partition, key) => {
        const printed = printLine({ topic: 'metrics', partition, offset: 0, key }, one);
        expect(printed).not.toContain('\n');
        expect(parseLine(printed, 4)).toEqual({ partition, key, record: one });
      }),
    );
  });
});

describe('what a line may leave out', () => {
  test.each<[string, Record<string, unknown>]>([
    ['absent', {}],
    ['null', { topic: null, partition: null, offset: null, key: null }],
  ])('topic, partition, offset and key: %s', (_, parts) => {
    expect(line({ ...parts, type: 'MetricRecord', value: metric })).toEqual({
      partition: null,
      key: seriesText(metric.name, metric.labels),
      record: { type: 'MetricRecord', value: metric },
    });
    expect(line({ ...parts, type: 'Watermark', value: watermark })).toEqual({
      partition: null,
      key: 'spout',
      record: { type: 'Watermark', value: watermark },
    });
  });

  test('the partitions of a watermark are the number in use', () => {
    const { partitions: _, ...value } = watermark;
    expect(line({ type: 'Watermark', value })?.record.value).toEqual({ ...watermark, partitions: 4 });
  });

  test('what has a default in the schema', () => {
    const { startTimestamp: _s, buckets: _b, ...value } = metric;
    expect(line({ type: 'MetricRecord', value })?.record.value).toEqual(metric);
  });

  test('a key need not be the series text', () => {
    expect(line({ key: 'mine', type: 'MetricRecord', value: metric })?.key).toBe('mine');
    expect(line({ key: '', type: 'MetricRecord', value: metric })?.key).toBe('');
  });
});

test('doubles that JSON lacks are read', () => {
  const value = { ...metric, count: 'NaN', sum: '-Inf', buckets: [{ le: '+Inf', count: 1 }] };
  expect(line({ type: 'MetricRecord', value })?.record.value).toMatchObject({
    count: Number.NaN,
    sum: Number.NEGATIVE_INFINITY,
    buckets: [{ le: Number.POSITIVE_INFINITY, count: 1 }],
  });
});

test.each([
  ['an empty line', ''],
  ['blanks', ' \t\r'],
  ['another topic', '{"topic":"windows","type":"MetricRecord","value":{}}'],
  ['another type', '{"topic":"metrics","type":"StageState","value":{}}'],
  ['a type of the future', '{"type":"Trace"}'],
])('%s is skipped', (_, text) => {
  expect(parseLine(text, 4)).toBeNull();
});

describe('a malformed line says what is wrong', () => {
  test.each(['{', 'nonsense', '{"type":"Watermark",}', "{'type':1}"])('no JSON: %s', (text) => {
    expect(() => parseLine(text, 4)).toThrow(/^no JSON: /);
    expect(() => parseLine(text, 4)).toThrow(TypeError);
  });

  test.each([
    ['[]', 'a line must be a JSON object'],
    ['null', 'a line must be a JSON object'],
    ['5', 'a line must be a JSON object'],
    ['{}', 'type must be the name of a record'],
    ['{"type":5}', 'type must be the name of a record'],
    ['{"topic":5,"type":"Watermark"}', 'topic must be a string'],
    ['{"type":"Watermark","partition":-1}', 'partition must be a whole number from 0 to 65535, not -1'],
    ['{"type":"Watermark","partition":0.5}', 'partition must be a whole number from 0 to 65535, not 0.5'],
    ['{"type":"Watermark","partition":65536}', 'partition must be a whole number from 0 to 65535, not 65536'],
    ['{"type":"Watermark","partition":"0"}', 'partition must be a whole number from 0 to 65535, not "0"'],
    ['{"type":"Watermark","key":5}', 'key must be a string'],
    ['{"type":"Watermark"}', 'value must be an object, not absent'],
    ['{"type":"Watermark","value":5}', 'value must be an object, not 5'],
    ['{"type":"Watermark","value":[1]}', 'value must be an object, not [1]'],
    ['{"type":"Watermark","value":{"source":"s"}}', 'value.timestamp must be a long, not absent'],
    ['{"type":"Watermark","value":{"timestamp":1}}', 'value.source must be a string, not absent'],
    [
      '{"type":"Watermark","value":{"timestamp":1,"source":"s","partitions":3000000000}}',
      'value.partitions must be an int, not 3000000000',
    ],
    ['{"type":"MetricRecord"}', 'value must be an object, not absent'],
    ['{"type":"MetricRecord","value":{"time":1}}', 'value has no field "time"'],
  ])('%s', (text, message) => {
    expect(() => parseLine(text, 4)).toThrow(new TypeError(message));
  });
});

describe('a result', () => {
  const window = {
    ...{ metric: 'm', selection: 's', group: { route: '/a' }, start: 0, end: 10, requests: 0, latencySum: 0 },
    ...{ errors: 0, requestRate: 0, errorRatio: null, meanLatency: null, samples: 1, covered: true },
    ...{ buckets: null, max: null },
  };

  test('is read as it was printed', () => {
    const at = { topic: 'windows', partition: 3, offset: 7, key: '{route="/a"}' };
    const record = { type: 'WindowRecord' as const, value: window };
    expect(parseResult(printLine(at, record))).toEqual(record);
  });

  test.each(['', ' ', '{"type":"MetricRecord","value":{}}', '{"type":"of the future"}'])(
    'is not in %j',
    (text) => {
      expect(parseResult(text)).toBeNull();
    },
  );

  test.each([
    ['{', /^no JSON: /],
    ['{}', 'type must be the name of a record'],
    ['{"type":"WindowRecord"}', 'value must be an object, not absent'],
    ['{"type":"AlertRecord","value":{"id":1}}', 'value.id must be a string, not 1'],
  ])('that is malformed says what is wrong: %s', (text, message) => {
    expect(() => parseResult(text)).toThrow(message);
  });
});
