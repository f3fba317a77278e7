import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Frames } from './frames.js';

const response = (size: number, fill: number): Buffer => {
  const bytes = Buffer.alloc(4 + size, fill);
  bytes.writeInt32BE(size);
  return bytes;
};

/** Puts bytes in as a socket does: at most so many at once, and no more than there is space. */
function put(frames: Frames, bytes: Buffer, most: readonly number[]): void {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const space = frames.space;
    const count = Math.min(space.length, bytes.length - at, most[i % most.length] as number);
    bytes.copy(space, 0, at, at + count);
    frames.took(count);
    at += count;
  }
}

test('responses come out whole, however they come in', () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 4, max: 300 }), fc.integer({ min: 60_000, max: 300_000 })),
  );
  const reads = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1_000, max: 400_000 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(sizes, reads, (given, most) => {
      const sent = given.map((size, i) => response(size, i % 256));
      const got: Buffer[] = [];
      // A copy: the memory of a large one is used again.
      put(new Frames((frame) => got.push(Buffer.from(frame))), Buffer.concat(sent), [...most, 50_000]);
      expect(got.length).toBe(sent.length);
      expect(got.every((frame, i) => frame.equals(sent[i] as Buffer))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

describe('a large response', () => {
  const memoriesOf = (sizes: readonly number[]): readonly ArrayBufferLike[] => {
    const memories: ArrayBufferLike[] = [];
    const frames = new Frames((frame) => memories.push(frame.buffer));
    for (const size of sizes) put(frames, response(size, 1), [100_000]);
    return memories;
  };

  test('goes where the one before was, and so does one that is a little larger', () => {
    const memories = memoriesOf([500_000, 400_000, 10, 520_000, 524_288 + 80]);
    expect(new Set(memories.filter((_, i) => i !== 2)).size).toBe(1);
  });

  test('has new memory once small ones say that the backlog is done', () => {
    const small = Array.from({ length: 64 }, () => 10);
    const memories = memoriesOf([500_000, ...small.slice(1), 500_000, ...small, 500_000]);
    const [first, second, third] = memories.filter(({ byteLength }) => byteLength > 500_000);
    expect(second === first && third !== first).toBe(true);
  });
});

test('what cannot be a response is refused before memory is set aside for it', () => {
  const frames = new Frames(() => undefined);
  expect(() => put(frames, Buffer.from('HTTP/1.1 400'), [100])).toThrow(/not Kafka's protocol/);
});
