import avro from 'avsc';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { schemaOf } from '../../schemas/index.js';
import type { MetricRecord } from '../../schemas/types.js';
import { metric } from './codec.contract.js';
import { compileMetricReader, type MetricReader } from './metric-reader.js';
import { compileWriter } from './writer.js';

type Buckets = MetricRecord['buckets'];

const inf = Number.POSITIVE_INFINITY;
const schema = schemaOf('MetricRecord');
const write = compileWriter(schema);

function newReader(): MetricReader {
  const made = compileMetricReader(schema);
  if (!made) throw new Error('the schema is not supported');
  return made;
}

// What one has read leaves it with room for as many.
let reader = newReader();
beforeEach(() => {
  reader = newReader();
});

const bucketsOf = (...le: readonly number[]): Buckets =>
  le.map((bound, i) => ({ le: bound, count: i + 0.5 }));
const boundsOf = (buckets: Buckets): number[] => buckets.map(({ le }) => le);
const many = (length: number): Buckets => bucketsOf(...Array.from({ length }, (_, i) => i / 8));

function encoded(buckets: Buckets): Buffer {
  const bytes = Buffer.alloc(64 * 1024);
  return bytes.subarray(0, write({ ...metric, buckets }, bytes, 0));
}

/** Timestamp, no start, count and sum stand in front of the buckets. */
const front = 6 + 1 + 8 + 8;
const long = (value: number): Buffer => avro.Type.forSchema('long').toBuffer(value);
const pair = ({ le, count }: Buckets[number]): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeDoubleLE(le, 0);
  bytes.writeDoubleLE(count, 8);
  return bytes;
};

interface Part {
  readonly buckets: Buckets;
  /** Whether its count is negative, and its size in bytes follows. */
  readonly sized: boolean;
}

/** A record whose buckets come in these blocks. */
function inBlocks(parts: readonly Part[]): Buffer {
  const none = encoded([]);
  const blocks = parts.flatMap(({ buckets, sized }) => [
    ...(sized ? [long(-buckets.length), long(16 * buckets.length)] : [long(buckets.length)]),
    ...buckets.map(pair),
  ]);
  return Buffer.concat([none.subarray(0, front), ...blocks, none.subarray(front)]);
}

function read(bytes: Buffer): void {
  expect(reader.read(bytes, 0, bytes.length)).toBe(true);
}

function all(): Buckets {
  const { le, counts, length } = reader.buckets();
  return Array.from({ length }, (_, i) => ({ le: le[i] ?? Number.NaN, count: counts[i] ?? Number.NaN }));
}

/** The counts that are put down, with one in front and one behind; null where it says that it does not. */
function countsAt(le: readonly number[]): number[] | null {
  const counts = new Float64Array(le.length + 2).fill(-7);
  return reader.bucketsAt(le, counts, 1) ? [...counts] : null;
}

const put = (buckets: Buckets): number[] => [-7, ...buckets.map(({ count }) => count), -7];

describe('buckets at bounds that are known', () => {
  test.each<[string, readonly number[], readonly number[], boolean]>([
    ['the same', [0, 1, inf], [0, 1, inf], true],
    ['the same with -0', [-0, 1, inf], [-0, 1, inf], true],
    ['one alone', [inf], [inf], true],
    ['another one', [0, 1, inf], [0, 2, inf], false],
    ['another last one', [0, 1, 2], [0, 1, inf], false],
    ['fewer', [0, 1, inf], [0, 1], false],
    ['more', [0, 1], [0, 1, inf], false],
    ['-0 for 0', [0, 1, inf], [-0, 1, inf], false],
    ['0 for -0', [-0, 1, inf], [0, 1, inf], false],
    ['none for some', [0, 1, inf], [], false],
    ['some for none', [], [0, 1, inf], false],
  ])('%s: %j, asked for %j', (_, has, asked, same) => {
    const buckets = bucketsOf(...has);
    read(encoded(buckets));
    expect(countsAt(asked)).toEqual(same ? put(buckets) : null);
    expect(all()).toEqual(buckets);
  });

  test.each([0, 1, 16, 17, 62, 63, 64, 65, 127, 128, 1000])(
    'are never wrong where there are %d',
    (length) => {
      const buckets = many(length);
      read(encoded(buckets));
      const counts = countsAt(boundsOf(buckets));
      if (length >= 1 && length <= 63) expect(counts).not.toBeNull();
      if (counts !== null) expect(counts).toEqual(put(buckets));
      expect(all()).toEqual(buckets);
    },
  );

  test('are not read one byte too early where a count of two bytes stands in front', () => {
    const buckets = many(64).map(({ le }) => ({ le, count: 0 }));
    const bytes = encoded(buckets);
    read(bytes);
    expect(countsAt(buckets.map((_, i) => bytes.readDoubleLE(front + 1 + 16 * i)))).toBeNull();
  });

  test('are those of the record that was read last, wherever it lies', () => {
    const [first, second] = [bucketsOf(0, inf), bucketsOf(0, 1, inf)];
    const [one, other] = [encoded(first), encoded(second)];
    const bytes = Buffer.concat([one, other]);
    for (let n = 0; n < 2; n++) {
      expect(reader.read(bytes, one.length, bytes.length)).toBe(true);
      expect([countsAt(boundsOf(first)), countsAt(boundsOf(second))]).toEqual([null, put(second)]);
      expect(reader.read(bytes, 0, one.length)).toBe(true);
      expect([countsAt(boundsOf(first)), countsAt(boundsOf(second))]).toEqual([put(first), null]);
    }
  });
});

describe('buckets in blocks', () => {
  const [first, second] = [bucketsOf(0, 1), bucketsOf(2, inf)];
  const both = [...first, ...second];

  test.each<[string, readonly Part[]]>([
    ['with a size', [{ buckets: both, sized: true }]],
    ['one behind the other', [first, second].map((buckets) => ({ buckets, sized: false }))],
    ['with sizes, one behind the other', [first, second].map((buckets) => ({ buckets, sized: true }))],
    ['of more than there is room for at first', [10, 20].map((n) => ({ buckets: many(n), sized: false }))],
    ['with more than 63, with a size', [{ buckets: many(200), sized: true }]],
  ])('%s are read, and never taken for others', (_, parts) => {
    const buckets = parts.flatMap((part) => part.buckets);
    read(inBlocks(parts));
    for (const some of [...parts.map((part) => part.buckets), buckets]) {
      const counts = countsAt(boundsOf(some));
      if (some.length < buckets.length) expect(counts).toBeNull();
      if (counts !== null) expect(counts).toEqual(put(buckets));
      expect(all()).toEqual(buckets);
    }
  });

  test('are written by hand as the writer does, where they come as one', () => {
    expect(inBlocks([{ buckets: both, sized: false }])).toEqual(encoded(both));
  });
});

test('buckets are put down as they are read one by one, or not at all', () => {
  const bucket = fc.record({ le: fc.oneof(fc.constantFrom(-0, 0, 1, inf), fc.double()), count: fc.double() });
  const part = fc.record({
    buckets: fc.array(bucket, { minLength: 1, maxLength: 70, size: 'max' }),
    sized: fc.boolean(),
  });
  const plain = part.map((one) => [{ ...one, sized: false }]);
  const change = fc.record({ at: fc.nat(), le: fc.constantFrom(-0, 0, 1, inf) });
  fc.assert(
    fc.property(fc.oneof(plain, fc.array(part, { maxLength: 3 })), fc.option(change), (parts, changed) => {
      const buckets = parts.flatMap((one) => one.buckets);
      const asked = boundsOf(buckets);
      if (changed !== null && asked.length > 0) asked[changed.at % asked.length] = changed.le;
      read(inBlocks(parts));
      const counts = countsAt(asked);
      expect(all()).toEqual(buckets);
      const same = buckets.every(({ le }, i) => Object.is(le, asked[i]));
      if (counts !== null) expect([same, counts]).toEqual([true, put(buckets)]);
      const quick = parts.length === 1 && !parts[0]?.sized && buckets.length < 64;
      if (quick && same && !asked.some(Number.isNaN)) expect(counts).not.toBeNull();
    }),
    { numRuns: 300 },
  );
});
