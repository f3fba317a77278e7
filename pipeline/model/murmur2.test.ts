import { describe, expect, test } from 'vitest';
import { murmur2, partitionOf } from './murmur2.js';

describe('murmur2', () => {
  // org.apache.kafka.common.utils.UtilsTest
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Kafka computes', (text, hash) => {
    expect(murmur2(Buffer.from(text)) | 0).toBe(hash);
  });

  test('is not below 0', () => {
    expect(murmur2(Buffer.from('21'))).toBe(2 ** 32 - 973932308);
  });
});

describe('partitionOf', () => {
  test.each([
    ['21', 100, (-973932308 & 0x7fffffff) % 100],
    ['foobar', 7, (-790332482 & 0x7fffffff) % 7],
    ['abc', 4, 479470107 % 4],
    ['abc', 1, 0],
  ])('of %s among %d drops the sign before it divides', (key, partitions, partition) => {
    expect(partitionOf(key, partitions)).toBe(partition);
  });

  test('goes by the bytes in UTF-8', () => {
    expect(partitionOf('{route="/é"}', 1000)).toBe(
      (murmur2(Uint8Array.from(Buffer.from('{route="/é"}', 'utf8'))) & 0x7fffffff) % 1000,
    );
  });
});
