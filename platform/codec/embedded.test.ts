import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaOf } from '../../schemas/index.js';
import type { MetricRecord } from '../../schemas/types.js';
import { codecContract, metric } from './codec.contract.js';
import { embeddedCodec } from './embedded.js';
import { compileMetricReader } from './metric-reader.js';

const codec = embeddedCodec();

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

codecContract(async () => ({ codec: embeddedCodec(), close: async () => undefined }));

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
    const framed = codec.encode('MetricRecord', metric);
    for (let end = 5; end < framed.length; end++) expect(reader.read(framed, 5, end)).toBe(false);
  });
});
