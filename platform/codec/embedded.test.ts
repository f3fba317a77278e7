import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../schemas/index.js';
import type { MetricRecord } from '../../schemas/types.js';
import { embeddedCodec } from './embedded.js';
import { compileMetricReader } from './metric-reader.js';

const codec = embeddedCodec();

const record: MetricRecord = {
  timestamp: 1_700_000_000_123,
  startTimestamp: null,
  count: 3,
  sum: 0.5,
  buckets: [{ le: 0.1, count: 1 }],
  name: 'http_request_duration_seconds',
  labels: { route: '/videos', method: 'GET' },
};

const time = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });

const records: fc.Arbitrary<MetricRecord> = fc.record({
  timestamp: time,
  startTimestamp: fc.option(time),
  count: fc.double(),
  sum: fc.double(),
  buckets: fc.array(fc.record({ le: fc.double(), count: fc.double() })),
  name: fc.string(),
  labels: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.string()),
});

describe('embedded codec', () => {
  test('gives back what it was given', () => {
    expect(codec.decode(codec.encode('MetricRecord', record))).toEqual({
      type: 'MetricRecord',
      value: record,
    });
  });

  test('writes the keys of maps in order', () => {
    const turned = { ...record, labels: { method: 'GET', route: '/videos' } };
    expect(codec.encode('MetricRecord', record)).toEqual(codec.encode('MetricRecord', turned));
  });

  test.each([
    ['no frame', Buffer.from([1, 2, 3]), 'NotFramed'],
    ['an unknown id', Buffer.from([0, 0, 0, 9, 9, 1]), 'UnknownSchema'],
    ['a cut record', codec.encode('MetricRecord', record).subarray(0, 30), 'Damaged'],
    ['trailing bytes', Buffer.concat([codec.encode('MetricRecord', record), Buffer.from([0])]), 'Damaged'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code }));
  });
});

describe('metric reader', () => {
  const reader = compileMetricReader(schemaOf('MetricRecord'));
  if (!reader) throw new Error('the schema is not supported');

  test('reads what avsc reads', () => {
    fc.assert(
      fc.property(records, fc.nat(20), (value, before) => {
        const framed = codec.encode('MetricRecord', value);
        const bytes = Buffer.concat([Buffer.alloc(before), framed]);
        expect(reader.read(bytes, before + 5, bytes.length)).toBe(true);
        expect([reader.timestamp, reader.count, reader.sum]).toEqual([
          value.timestamp,
          value.count,
          value.sum,
        ]);
        expect(reader.startTimestamp).toBe(value.startTimestamp ?? Number.NaN);
      }),
    );
  });

  test('refuses what is cut off anywhere', () => {
    const framed = codec.encode('MetricRecord', record);
    for (let end = 5; end < framed.length; end++) expect(reader.read(framed, 5, end)).toBe(false);
  });

  test('agrees with avsc on damaged bytes', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const framed = codec.encode('MetricRecord', value);
        const place = 5 + (at % (framed.length - 5));
        framed[place] = (framed[place] ?? 0) ^ flip;
        let decoded: unknown = null;
        try {
          decoded = codec.decode(framed).value;
        } catch {
          decoded = null;
        }
        expect(reader.read(framed, 5, framed.length)).toBe(decoded !== null);
      }),
      { numRuns: 1000 },
    );
  });
});
