import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.js';

const require = createRequire(import.meta.url);
/** Byte by byte. */
const known = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

test.each([
  ['', 0],
  ['123456789', 0xe306_9283],
])('of %j, as RFC 3720 has it', (text, crc) => {
  const bytes = Buffer.from(text);
  expect(crc32c(bytes, 0, bytes.length)).toBe(crc);
});

test('of any length and from any place, as it is byte by byte', () => {
  const bytes = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 167 + (i >> 3)) & 0xff));
  for (let start = 0; start < 9; start++)
    for (let end = start; end < bytes.length; end += 1 + (end >> 5))
      expect(crc32c(bytes, start, end)).toBe(known(bytes.subarray(start, end)));
});
