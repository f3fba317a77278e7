import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBatch } from '../../platform/log/batch.js';
import { Block } from './block.js';

/** A batch of so many records, at every third offset from there on. */
function batchOf(count: number, first = 100): FrameBatch {
  const batch = new FrameBatch();
  for (let row = 0; row < count; row++) {
    const key = row % 2 === 0 ? Buffer.from(`k${row}`) : null;
    batch.push({ key, value: Buffer.from('v'.repeat(row)) }, first + 3 * row, 0);
  }
  return batch;
}

function blockOf(batch: FrameBatch): Block {
  const block = new Block();
  block.reset(batch);
  return block;
}

/** What the cursor says at each of the rows. */
const seen = (block: Block, rows: Iterable<number>): unknown[] =>
  Array.from(block.at(rows), ({ bytes, offset, keyStart, keyEnd, valueStart, valueEnd }) => ({
    offset,
    key: keyStart < 0 ? null : bytes.toString('utf8', keyStart, keyEnd),
    value: bytes.toString('utf8', valueStart, valueEnd),
  }));

describe('the cursor at rows of a block', () => {
  test('is at each of them, also at the same one twice', () => {
    const row3 = { offset: 109, key: null, value: 'vvv' };
    expect(seen(blockOf(batchOf(6)), [0, 3, 3, 4])).toEqual([
      { offset: 100, key: 'k0', value: '' },
      row3,
      row3,
      { offset: 112, key: 'k4', value: 'vvvv' },
    ]);
  });

  test('is at any rows that rise', () => {
    const rows = fc.array(fc.nat({ max: 9 })).map((all) => all.sort((a, b) => a - b));
    const block = blockOf(batchOf(10));
    fc.assert(
      fc.property(rows, (asked) => {
        const offsets = Array.from(block.at(asked), ({ offset }) => offset);
        expect(offsets).toEqual(asked.map((row) => 100 + 3 * row));
      }),
    );
  });

  test('does not depend on how far the batch was read before', () => {
    const batch = batchOf(5);
    const block = blockOf(batch);
    for (let read = 0; read <= 5; read++) {
      batch.rewind();
      for (let n = 0; n < read; n++) batch.advance();
      expect(Array.from(block.at([1, 2]), ({ offset }) => offset)).toEqual([103, 106]);
    }
  });

  test('is that of the batch that the block was set to last', () => {
    const block = blockOf(batchOf(5));
    block.reset(batchOf(5, 1000));
    expect(Array.from(block.at([4]), ({ offset }) => offset)).toEqual([1012]);
  });

  test('is at none where there are no rows, or no batch', () => {
    expect([...blockOf(batchOf(5)).at([])]).toEqual([]);
    expect([...new Block().at([0])]).toEqual([]);
  });
});
