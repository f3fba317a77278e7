import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordNames, schemaOf } from '../../schemas/index.js';
import { compileReader, type Reader } from './reader.js';
import { anyOf } from './values.fixture.js';
import { compileWriter } from './writer.js';

const written = (value: unknown, write: ReturnType<typeof compileWriter>): Buffer => {
  const bytes = Buffer.alloc(64 * 1024);
  return bytes.subarray(0, write(value, bytes, 0));
};

/** avsc writes the keys of a map as they come. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, inOrder(one)]));
}

describe.each(recordNames)('%s', (name) => {
  const schema = schemaOf(name);
  const oracle = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: false, logicalTypes: {} });
  const write = compileWriter(schema);
  const read = compileReader(schema);

  test('is written and read as avsc does', () => {
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const bytes = oracle.toBuffer(inOrder(value));
        expect(written(value, write)).toEqual(bytes);
        expect(read(bytes, 0, bytes.length)).toEqual(value);
      }),
    );
  });

  test('is not read where it is cut off, goes on, or any byte is another', () => {
    fc.assert(
      fc.property(anyOf(schema), fc.nat(), fc.nat({ max: 255 }), (value, at, byte) => {
        const bytes = oracle.toBuffer(inOrder(value));
        const cut = at % bytes.length;
        expect(read(bytes, 0, cut)).toBeUndefined();
        expect(read(Buffer.concat([bytes, Buffer.from([0])]), 0, bytes.length + 1)).toBeUndefined();
        bytes[cut] = byte;
        expect(() => read(bytes, 0, bytes.length)).not.toThrow();
      }),
    );
  });

  test('does not fit into too few bytes, and says how many it takes', () => {
    fc.assert(
      fc.property(anyOf(schema), fc.nat(), (value, less) => {
        const { length } = oracle.toBuffer(inOrder(value));
        expect(write(value, Buffer.alloc(less % length), 0)).toBe(length);
      }),
    );
  });
});

describe('maps of text in rows', () => {
  const schema = {
    type: 'record',
    name: 'Rows',
    fields: [{ name: 'rows', type: { type: 'array', items: { type: 'map', values: 'string' } } }],
  } as const;
  const rows = fc.array(fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.constantFrom('x', 'y')));
  const write = compileWriter(schema);
  const readAgain = (read: Reader, value: unknown): { rows: readonly object[] } => {
    const bytes = written({ rows: value }, write);
    return read(bytes, 0, bytes.length) as { rows: readonly object[] };
  };

  test('are one object as often as they have the same bytes, in any order, and cannot be changed', () => {
    const read = compileReader(schema);
    const known = new Map<string, object>();
    fc.assert(
      fc.property(rows, (value) => {
        const back = readAgain(read, value).rows;
        expect(back.map(inOrder)).toEqual(value.map((one) => inOrder({ ...one })));
        for (const one of back) {
          const text = JSON.stringify(Object.entries(one));
          expect(one).toBe(known.get(text) ?? one);
          known.set(text, one);
          expect(Object.isFrozen(one)).toBe(true);
        }
      }),
    );
    expect(known.size).toBeGreaterThan(10);
  });

  test('that are frozen are written as before, others as they are by now', () => {
    const frozen = Object.freeze({ b: '1', a: '2' });
    const open: Record<string, string> = { a: '1' };
    const first = written({ rows: [frozen, open] }, write);
    expect(written({ rows: [frozen, open] }, write)).toEqual(first);
    open.a = '3';
    expect(readAgain(compileReader(schema), [frozen, open]).rows).toEqual([frozen, { a: '3' }]);
  });
});

test('says which field does not fit', () => {
  const write = compileWriter(schemaOf('PartialBatch'));
  const batch = { sourcePartition: 0, sourcePartitions: 1, previousWatermark: 'late' };
  expect(() => written(batch, write)).toThrow('it.previousWatermark cannot be late');
});
