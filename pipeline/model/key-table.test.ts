import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyTable } from './key-table.js';

const find = (table: KeyTable, key: Buffer, before = 0): number => {
  const bytes = Buffer.concat([Buffer.alloc(before, 7), key, Buffer.from('behind')]);
  return table.find(bytes, before, before + key.length);
};

/** Keys of every length up to some words, alike but for one byte. */
const alike = fc.uint8Array({ maxLength: 11 }).map((bytes) => Buffer.from(bytes.map((one) => one & 3)));
/** Eight bytes that are 0, -0 or not a number, read as a double, and text; then some more. */
const doubles = [
  '0000000000000000',
  '0000000000000080',
  '000000000000f07f',
  '010000000000f07f',
  '000000000000f8ff',
];
const pieces = fc
  .array(fc.constantFrom(...doubles, '7b613d2278227d7d'), { minLength: 1, maxLength: 2 })
  .chain((all) =>
    fc.constantFrom('', '00', '80', '0080').map((tail) => Buffer.from(all.join('') + tail, 'hex')),
  );
const keys = fc.oneof(alike, pieces);
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('come' as const), key: keys, before: fc.nat(5) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('retain' as const), every: fc.integer({ min: 1, max: 4 }) }),
    },
  ),
  { maxLength: 300, size: 'max' },
);

describe('a table of keys', () => {
  test('knows the keys that it was given and kept, wherever they lie, and no others', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const table = new KeyTable();
        const model = new Map<string, number>();
        for (const step of all) {
          if (step.kind === 'retain') {
            const stays = new Set([...model.values()].filter((slot) => slot % step.every === 0));
            table.retain((slot) => stays.has(slot));
            for (const [key, slot] of model) if (!stays.has(slot)) model.delete(key);
          } else {
            const text = step.key.toString('hex');
            const slot = find(table, step.key, step.before);
            expect(slot).toBe(model.get(text) ?? -1);
            if (slot < 0) model.set(text, table.add(step.key));
          }
          expect(table.size).toBe(model.size);
        }
        for (const [text, slot] of model) expect(table.bytesOf(slot).toString('hex')).toBe(text);
        expect(new Set(model.values()).size).toBe(model.size);
      }),
      { numRuns: 200 },
    );
  });

  test('uses slots and room again, over many chunks', () => {
    const table = new KeyTable();
    const key = (n: number): Buffer => Buffer.from(`${'x'.repeat(2_000)}${n}`);
    for (let round = 0; round < 5; round++) {
      const slots = Array.from({ length: 500 }, (_, n) => table.add(key(round * 1_000 + n)));
      expect(Math.max(...slots)).toBeLessThan(600);
      table.retain((slot) => slots.indexOf(slot) >= 400);
      for (const [n, slot] of slots.entries())
        expect(find(table, key(round * 1_000 + n))).toBe(n < 400 ? -1 : slot);
      table.retain((slot) => slots.indexOf(slot) >= 450);
    }
    expect(table.size).toBe(50);
  });

  test('takes an empty key where all room that there is was used up', () => {
    const table = new KeyTable();
    const whole = table.add(Buffer.alloc(256 * 1024, 'x'));
    const empty = table.add(Buffer.alloc(0));
    expect(find(table, Buffer.alloc(0))).toBe(empty);
    expect(find(table, Buffer.alloc(256 * 1024, 'x'))).toBe(whole);
    expect(table.bytesOf(empty)).toHaveLength(0);
  });
});
