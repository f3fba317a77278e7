import { describe, expect, test } from 'vitest';
import { FrameBatch } from '../batch.js';
import type { FetchedMessage } from './cluster.js';
import { takeMessages } from './messages.js';

const ZEROS = Buffer.from([0, 0, 0, 0]);
const marker = (offset: number, producerId: string, type: 'abort' | 'commit'): FetchedMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
  value: Buffer.alloc(6),
  isControlRecord: true,
  batchContext: { producerId, inTransaction: true },
});
const message = (offset: number, producerId: string | null, key: Buffer | null = null): FetchedMessage => ({
  offset: String(offset),
  timestamp: '5',
  key,
  value: Buffer.from(`${offset}`),
  isControlRecord: false,
  batchContext: { producerId: producerId ?? '-1', inTransaction: producerId !== null },
});

/** Values that a reader sees, and the offset after. */
function take(
  messages: FetchedMessage[],
  aborted: [string, number][] = [],
  from = 0,
): { seen: string[]; next: number } {
  const batch = new FrameBatch();
  const next = takeMessages(batch, messages, {
    from,
    aborted: aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
  });
  const seen: string[] = [];
  while (batch.advance()) seen.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
  return { seen, next };
}

describe('a read-committed reader', () => {
  test('sees what is in no transaction, and what was committed, but no marker', () => {
    const messages = [message(0, null), message(1, 'a'), marker(2, 'a', 'commit'), message(3, null)];
    expect(take(messages)).toEqual({ seen: ['0', '1', '3'], next: 4 });
  });

  test('passes over what was aborted, and its position moves past it', () => {
    const messages = [message(0, 'a'), message(1, 'a'), marker(2, 'a', 'abort')];
    expect(take(messages, [['a', 0]])).toEqual({ seen: [], next: 3 });
  });

  test('sees what the same producer committed before and after', () => {
    const messages = [
      message(0, 'a'),
      marker(1, 'a', 'commit'),
      message(2, 'a'),
      marker(3, 'a', 'abort'),
      message(4, 'a'),
      marker(5, 'a', 'commit'),
    ];
    expect(take(messages, [['a', 2]]).seen).toEqual(['0', '4']);
  });

  test('passes over aborted transactions that overlap, whatever the order in which they are listed', () => {
    const messages = [
      message(0, 'a'),
      message(1, 'b'),
      message(2, 'c'),
      message(3, 'a'),
      marker(4, 'b', 'abort'),
      message(5, 'a'),
      marker(6, 'a', 'abort'),
      marker(7, 'c', 'commit'),
    ];
    const { seen } = take(messages, [
      ['b', 1],
      ['a', 0],
    ]);
    expect(seen).toEqual(['2']);
  });

  test('enters two aborted transactions at one offset gap at once', () => {
    const messages = [message(5, 'a'), message(6, 'b'), marker(7, 'a', 'abort'), marker(8, 'b', 'abort')];
    expect(
      take(
        messages,
        [
          ['a', 3],
          ['b', 4],
        ],
        5,
      ).seen,
    ).toEqual([]);
  });

  test('takes a key of four zero bytes for what it is: a key', () => {
    const messages = [message(0, 'a'), message(1, 'a', ZEROS), message(2, 'a'), marker(3, 'a', 'abort')];
    expect(take([...messages, message(4, null, ZEROS)], [['a', 0]]).seen).toEqual(['4']);
  });

  test('drops what a compressed batch holds from before the offset that was asked for', () => {
    expect(take([message(3, null), message(4, null), message(5, null)], [], 4)).toEqual({
      seen: ['4', '5'],
      next: 6,
    });
  });

  test('reads a value that is null as empty', () => {
    expect(take([{ ...message(0, null), value: null }])).toEqual({ seen: [''], next: 1 });
  });
});
