import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordNames, schemaOf, schemaVersions } from '../../schemas/index.js';
import type { MetricRecord } from '../../schemas/types.js';
import { codecContract, metric } from './codec.contract.js';
import { embeddedCodec } from './embedded.js';
import { fromJson, toJson } from './json.js';
import { compileMetricReader } from './metric-reader.js';
import { anyOf } from './values.fixture.js';
import { compileWriter } from './writer.js';

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
  type: fc.constantFrom('cumulative', 'gauge'),
});

codecContract(async () => ({ codec: embeddedCodec(), close: async () => undefined }));

describe('what an earlier version wrote', () => {
  const older = schemaVersions().flatMap(([name, schema], index) =>
    recordNames.includes(name) && codec.idOf(name) !== index + 1 ? [{ name, schema, id: index + 1 }] : [],
  );

  test('are the first schemas of six records', () => {
    expect(older.map(({ name, id }) => [name, id])).toEqual([
      ['MetricRecord', 1],
      ['PartialBatch', 3],
      ['WindowRecord', 4],
      ['AlertRecord', 5],
      ['VideoJob', 9],
      ['VideoEvent', 10],
    ]);
  });

  test.each(older)('$name $id is read, with what it lacks filled in', ({ name, schema, id }) => {
    const write = compileWriter(schema);
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const bytes = Buffer.alloc(64 * 1024);
        bytes.writeUInt32BE(id, 1);
        const framed = bytes.subarray(0, write(value, bytes, 5));
        const { type, value: read } = codec.decode(framed);
        expect(type).toBe(name);
        // By their own defaults, as JSON of then is read.
        expect(read).toEqual(fromJson(schemaOf(name), toJson(schema, value)));
      }),
    );
  });

  test('is a counter for the reader of metrics', () => {
    const [metricSchema] = older;
    const early = compileMetricReader(metricSchema?.schema ?? 'null');
    const bytes = Buffer.alloc(1024);
    const end = compileWriter(metricSchema?.schema ?? 'null')(metric, bytes, 5);
    expect([early?.read(bytes, 5, end), early?.sum, early?.gauge]).toEqual([true, metric.sum, false]);
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
        expect(reader.gauge).toBe(value.type === 'gauge');
      }),
    );
  });

  test('refuses what is cut off anywhere', () => {
    const framed = codec.encode('MetricRecord', metric);
    for (let end = 5; end < framed.length; end++) expect(reader.read(framed, 5, end)).toBe(false);
  });
});

test('what was written stays as it is, whatever is written behind it, small or large', () => {
  const state = (size: number, fill: number) => ({
    ...{ id: `of ${size}`, part: 0, last: true, digest: 'é'.repeat(40) },
    payload: Buffer.alloc(size, fill),
  });
  // A slab holds 64 KiB: some run over its end, some are larger than it is.
  const sizes = [0, 1, 200_000, 60_000, 10_000, 30_000, 65_536, 40_000, 100, 1_000_000, 100];
  const written = sizes.map((size, i) => codec.encode('StageState', state(size, i)));
  for (const [i, size] of sizes.entries())
    expect(codec.decode(written[i] as Buffer)).toEqual({ type: 'StageState', value: state(size, i) });
});
