import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, FrameBatch } from '../batch.js';
import type { AbortedTransaction, FetchedMessage } from './cluster.js';
import { registerCodecs } from './compression.js';
import { takeMessages } from './messages.js';
import { areBatches, RecordBatches } from './record-batches.js';

const require = createRequire(import.meta.url);
const kafkajs = (path: string): unknown => require(`kafkajs/src/${path}`);
const Decoder = kafkajs('protocol/decoder') as new (bytes: Buffer) => object;
const Long = kafkajs('utils/long') as { fromValue(value: number): unknown };
const encodeRecord = kafkajs('protocol/recordBatch/record/v0') as (record: object) => unknown;
const { RecordBatch: encodeBatch } = kafkajs('protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};
const decodeMessages = kafkajs('protocol/requests/fetch/v4/decodeMessages') as (
  decoder: object,
) => Promise<FetchedMessage[]>;
registerCodecs();

const APPEND_TIME = 0x08;
const CONTROL = 0x20;
const ATTRIBUTES = 21;
const TIME = 1_700_000_000_000;

interface Given {
  readonly records: readonly {
    readonly key: Uint8Array | null;
    readonly value: Uint8Array | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly after: number;
  }[];
  /** Offsets without a record, before each of them: compacted. */
  readonly gap: number;
  readonly compression: number;
  readonly appendTime: boolean;
  /** Null where it is in no transaction; else it is followed by the marker, at once or when all else is written. */
  readonly transaction: {
    readonly producer: number;
    readonly ends: 'abort' | 'commit';
    readonly late: boolean;
  } | null;
}

interface Log {
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
  readonly end: number;
}

const buffer = (bytes: Uint8Array | null): Buffer | null => bytes && Buffer.from(bytes);

async function batchOf(base: number, one: Given, more: { readonly flags?: number } = {}): Promise<Buffer> {
  const records = one.records.map(({ key, value, headers, after }, i) =>
    encodeRecord({
      offsetDelta: i * (one.gap + 1),
      timestampDelta: after,
      key: buffer(key),
      value: buffer(value),
      headers,
    }),
  );
  const { buffer: bytes } = await encodeBatch({
    compression: one.compression,
    firstOffset: Long.fromValue(base),
    firstTimestamp: TIME,
    maxTimestamp: TIME + 99_999,
    lastOffsetDelta: (records.length - 1) * (one.gap + 1),
    transactional: one.transaction !== null,
    producerId: Long.fromValue(one.transaction?.producer ?? -1),
    records,
  });
  const flags = (more.flags ?? 0) | (one.appendTime ? APPEND_TIME : 0);
  bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES) | flags, ATTRIBUTES);
  return bytes;
}

/** Writes them as a broker does. */
async function logOf(given: readonly Given[], start: number): Promise<Log> {
  const parts: Buffer[] = [];
  const aborted: AbortedTransaction[] = [];
  let end = start;
  const open = new Map<number, { readonly first: number; readonly ends: 'abort' | 'commit' }>();
  const close = async (producer: number): Promise<void> => {
    const { first, ends } = open.get(producer) as { first: number; ends: 'abort' | 'commit' };
    open.delete(producer);
    const key = Buffer.from([0, 0, 0, ends === 'abort' ? 0 : 1]);
    const records = [{ key, value: Buffer.alloc(6), headers: {}, after: 0 }];
    const marker = { records, gap: 0, compression: 0, appendTime: false };
    const transaction = { producer, ends, late: false };
    parts.push(await batchOf(end++, { ...marker, transaction }, { flags: CONTROL }));
    if (ends === 'abort') aborted.push({ producerId: String(producer), firstOffset: String(first) });
  };
  for (const one of given) {
    const { transaction } = one;
    if (transaction && !open.has(transaction.producer))
      open.set(transaction.producer, { first: end, ends: transaction.ends });
    parts.push(await batchOf(end, one));
    end += (one.records.length - 1) * (one.gap + 1) + 1;
    if (transaction && !transaction.late) await close(transaction.producer);
  }
  for (const producer of [...open.keys()]) await close(producer);
  return { bytes: Buffer.concat(parts), aborted, end };
}

const listed = (batch: Batch): unknown[] => {
  const seen: unknown[] = [];
  while (batch.advance()) {
    const { bytes, offset, appendedAt, keyStart, keyEnd, valueStart, valueEnd } = batch;
    const key = keyStart < 0 ? null : bytes.toString('hex', keyStart, keyEnd);
    seen.push([offset, appendedAt, key, bytes.toString('hex', valueStart, valueEnd)]);
  }
  return seen;
};

/** What kafkajs's own decoder makes of it. */
async function asItComes(bytes: Buffer, from: number, aborted: readonly AbortedTransaction[]) {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  const batch = new FrameBatch();
  const next = takeMessages(batch, await decodeMessages(new Decoder(Buffer.concat([size, bytes]))), {
    from,
    aborted,
  });
  return { seen: listed(batch), count: batch.count, next };
}

async function asBatches(bytes: Buffer, from: number, aborted: readonly AbortedTransaction[]) {
  const batch = new RecordBatches();
  const next = await batch.load(bytes, { from, aborted });
  const seen = listed(batch);
  batch.rewind();
  expect(listed(batch)).toEqual(seen);
  return { seen, count: batch.count, next };
}

const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 8_000, max: 40_000 }).map((size) => new Uint8Array(size).fill(7)),
  },
);
const record = fc.record({
  key: fc.oneof(fc.constant(null), fc.constant(new Uint8Array(4)), bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 9 }), {
    maxKeys: 2,
  }),
  after: fc.integer({ min: -1_000, max: 2 ** 40 }),
});
const given: fc.Arbitrary<Given> = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 6 }),
  gap: fc.constantFrom(0, 0, 3),
  compression: fc.constantFrom(0, 0, 1, 2, 3),
  appendTime: fc.boolean(),
  transaction: fc.option(
    fc.record({
      producer: fc.integer({ min: 1, max: 3 }),
      ends: fc.constantFrom('abort' as const, 'commit' as const),
      late: fc.boolean(),
    }),
  ),
});

test('shows of record batches what kafkajs decodes, from any offset on', async () => {
  const starts = fc.constantFrom(0, 7, 2 ** 33);
  const property = fc.asyncProperty(fc.array(given, { maxLength: 7 }), starts, async (all, start) => {
    const log = await logOf(all, start);
    for (const from of new Set([start, start + 1, start + 5, log.end]))
      expect(await asBatches(log.bytes, from, log.aborted)).toEqual(
        await asItComes(log.bytes, from, log.aborted),
      );
  });
  await fc.assert(property, { numRuns: 150 });
});

test('shows the same of a fetch that ends anywhere', async () => {
  const short = fc.array(given, { minLength: 1, maxLength: 3 });
  const property = fc.asyncProperty(short, async (all) => {
    const log = await logOf(all, 5);
    const step = Math.max(1, Math.floor(log.bytes.length / 400));
    for (let end = 0; end <= log.bytes.length; end += step) {
      const cut = log.bytes.subarray(0, end);
      // kafkajs throws where not even the kind of a batch has come.
      const expected = end > 16 ? await asItComes(cut, 5, log.aborted) : { seen: [], count: 0, next: 5 };
      expect(await asBatches(cut, 5, log.aborted)).toEqual(expected);
    }
  });
  await fc.assert(property, { numRuns: 5 });
});

const plain: Given = {
  records: [{ key: null, value: Buffer.from('v'), headers: {}, after: 0 }],
  ...{ gap: 0, compression: 0, appendTime: true, transaction: null },
};

test('does not copy what is not compressed', async () => {
  const { bytes: whole } = await logOf([plain, plain], 0);
  const batch = new RecordBatches();
  await batch.load(whole, { from: 0, aborted: [] });
  expect(batch.bytes).toBe(whole);
  batch.clear();
  expect([batch.bytes.length, batch.advance()]).toEqual([0, false]);
});

test('says where a record is longer than its batch', async () => {
  const { bytes: whole } = await logOf([plain, plain], 3);
  const second = whole.length / 2;
  whole[second + 61] = 0x7e;
  const loading = new RecordBatches().load(whole, { from: 3, aborted: [] });
  await expect(loading).rejects.toMatchObject({ type: 'CORRUPT_MESSAGE', message: /offset 4 is corrupt/ });
});

test('says where a batch counts more records than it can hold', async () => {
  const { bytes: whole } = await logOf([plain], 3);
  whole.writeInt32BE(2 ** 31 - 1, 57);
  const loading = new RecordBatches().load(whole, { from: 3, aborted: [] });
  await expect(loading).rejects.toMatchObject({ type: 'CORRUPT_MESSAGE' });
});

test('leaves messages of an older kind to the ordinary way, also behind a batch', async () => {
  const { bytes: whole } = await logOf([plain, plain], 0);
  const older = Buffer.from(whole);
  older[16] = 1;
  expect([areBatches(whole), areBatches(older), areBatches(Buffer.alloc(0))]).toEqual([true, false, true]);
  older[16] = 2;
  older[older.length / 2 + 16] = 1;
  const batch = new RecordBatches();
  expect(await batch.load(older, { from: 0, aborted: [] })).toBe(1);
});
