import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordNames, schemaOf } from '../../schemas/index.js';
import type { MetricRecord, RecordTypes } from '../../schemas/types.js';
import type { Codec } from './codec.js';
import { compileMetricReader } from './metric-reader.js';
import { anyOf } from './values.fixture.js';

export interface CodecFixture {
  readonly codec: Codec;
  close(): Promise<void>;
}

export const metric: MetricRecord = {
  timestamp: 1_700_000_000_123,
  startTimestamp: null,
  count: 3,
  sum: 0.5,
  buckets: [{ le: 0.1, count: 1 }],
  name: 'http_request_duration_seconds',
  labels: { route: '/videos', method: 'GET' },
  type: 'cumulative',
};

const payload = 5;
/** An id that no schema has. */
const NOBODY = 0x7ffffffe;

/** What every adapter of `Codec` promises. */
export function codecContract(open: () => Promise<CodecFixture>): void {
  describe('codec', () => {
    let codec: Codec;
    let close: () => Promise<void> = async () => undefined;
    beforeAll(async () => {
      ({ codec, close } = await open());
    });
    afterAll(() => close());

    test.each(recordNames)('%s comes back as it was', (name) => {
      fc.assert(
        fc.property(anyOf(schemaOf(name)), (value) => {
          const bytes = codec.encode(name, value as RecordTypes[typeof name]);
          expect(codec.decode(bytes)).toEqual({ type: name, value });
        }),
      );
    });

    test('frames with a zero and the id as u32, big endian', () => {
      for (const name of recordNames) {
        const [value] = fc.sample(anyOf(schemaOf(name)), 1);
        const bytes = codec.encode(name, value as RecordTypes[typeof name]);
        expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([0, codec.idOf(name)]);
        expect(codec.typeOf(codec.idOf(name))).toBe(name);
        expect(codec.writerSchema(codec.idOf(name))).toEqual(schemaOf(name));
      }
      expect(new Set(recordNames.map((name) => codec.idOf(name))).size).toBe(recordNames.length);
    });

    test('writes maps with their keys in order of UTF-16 code units', () => {
      const names = ['\u{1f30a}', 'Z', '\uffee', 'a', 'é', ''];
      const labels = Object.fromEntries(names.map((name) => [name, name]));
      const turned = Object.fromEntries([...names].reverse().map((name) => [name, name]));
      const bytes = codec.encode('MetricRecord', { ...metric, labels });
      expect(codec.encode('MetricRecord', { ...metric, labels: turned })).toEqual(bytes);
      const decoded = codec.decode(bytes).value as MetricRecord;
      expect(Object.keys(decoded.labels)).toEqual(['', 'Z', 'a', 'é', '\u{1f30a}', '\uffee']);
    });

    test('refuses a value that does not fit', () => {
      const misfit = { ...metric, count: 'many' } as unknown as MetricRecord;
      expect(() => codec.encode('MetricRecord', misfit)).toThrow(
        expect.objectContaining({ code: 'Invalid', retryable: false }),
      );
    });

    test('refuses what is not framed', () => {
      for (const bytes of [[], [0], [0, 0, 0, 0], [1, 0, 0, 0, 1, 0], [0x7b, 0x22, 0x61, 0x22, 0x3a]])
        expect(() => codec.decode(Buffer.from(bytes))).toThrow(
          expect.objectContaining({ code: 'NotFramed', retryable: false }),
        );
    });

    test('refuses an id that nobody knows, before and after it was looked for', async () => {
      const bytes = codec.encode('MetricRecord', metric);
      bytes.writeUInt32BE(NOBODY, 1);
      const unknown = expect.objectContaining({ code: 'UnknownSchema', retryable: false });
      expect(() => codec.decode(bytes)).toThrow(unknown);
      for (const id of [NOBODY, 0xffffffff]) expect(await codec.load(id)).toBe(false);
      expect(() => codec.decode(bytes)).toThrow(unknown);
      expect([codec.typeOf(NOBODY), codec.writerSchema(NOBODY)]).toEqual([undefined, undefined]);
    });

    test('has what it writes loaded', async () => {
      for (const name of recordNames) expect(await codec.load(codec.idOf(name))).toBe(true);
    });

    test.each(recordNames)('refuses a %s that is cut off, or longer than it says', (name) => {
      const [value] = fc.sample(anyOf(schemaOf(name)), 1);
      const bytes = codec.encode(name, value as RecordTypes[typeof name]);
      const damaged = expect.objectContaining({ code: 'Damaged', retryable: false });
      for (let end = payload; end < bytes.length; end++)
        expect(() => codec.decode(bytes.subarray(0, end))).toThrow(damaged);
      expect(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(damaged);
    });

    test('allocates nothing for what damaged bytes claim to hold', () => {
      const bytes = codec.encode('MetricRecord', { ...metric, buckets: [] });
      const at = payload + 6 + 1 + 8 + 8;
      const claim = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x1f]);
      const claiming = Buffer.concat([bytes.subarray(0, at), claim, bytes.subarray(at + 1)]);
      expect(() => codec.decode(claiming)).toThrow(expect.objectContaining({ code: 'Damaged' }));
    });

    test('agrees with the metric reader on damaged bytes', () => {
      const reader = compileMetricReader(codec.writerSchema(codec.idOf('MetricRecord')) ?? 'null');
      const byte = fc.integer({ min: 1, max: 255 });
      fc.assert(
        fc.property(anyOf(schemaOf('MetricRecord')), fc.nat(), byte, (value, at, flip) => {
          const bytes = codec.encode('MetricRecord', value as MetricRecord);
          const place = payload + (at % (bytes.length - payload));
          bytes[place] = (bytes[place] ?? 0) ^ flip;
          expect(reader?.read(bytes, payload, bytes.length)).toBe(readable(bytes));
        }),
        { numRuns: 500 },
      );
    });

    const readable = (bytes: Buffer): boolean => {
      try {
        codec.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
  });
}
