import { expect, test } from 'vitest';
import type { DeadLetter } from '../../schemas/types.js';
import { cutDeadLetter } from './dead-letter.js';
import { embeddedCodec } from './embedded.js';

const letter = (key: number, value: number): DeadLetter => ({
  ...{
    reason: 'bad',
    detail: 'no record',
    topic: 'metrics',
    partition: 0,
    offset: 1,
    records: 1,
    windows: [],
  },
  key: Buffer.alloc(key),
  value: Buffer.alloc(value),
});

test('a dead letter of the largest message still is a message', () => {
  const cut = cutDeadLetter(letter(500_000, 1_048_500));
  expect(embeddedCodec().encode('DeadLetter', cut).length).toBeLessThan(1_000_000);
  expect(cut.detail).toBe('no record; cut: its key had 500000 bytes, its value 1048500');
});

test('any other stays as it is', () => {
  const small = letter(10, 400_000);
  expect(cutDeadLetter(small)).toBe(small);
});
