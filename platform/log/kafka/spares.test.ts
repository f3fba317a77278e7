import { expect, test } from 'vitest';
import { Spares } from './spares.js';

/** What is lent, given back at once: its memory, which is quickly compared. */
const lent = (spares: Spares, size: number): Promise<ArrayBufferLike> =>
  spares.lend(size, async ({ buffer }) => buffer);

test('memory is used again where it is large enough, the smallest that is', async () => {
  const spares = new Spares();
  const [small, large] = await Promise.all([lent(spares, 100_000), lent(spares, 200_000)]);
  expect(await lent(spares, 90_000)).toBe(small);
  expect(await lent(spares, 100_001)).toBe(large);
  expect((await lent(spares, 200_001)).byteLength).toBe(200_001);
});

test('what is in use is lent to nobody else', async () => {
  const spares = new Spares();
  const first = await lent(spares, 100_000);
  await spares.lend(100_000, async ({ buffer }) => {
    expect(buffer).toBe(first);
    expect((await lent(spares, 100_000)) === first).toBe(false);
  });
});

test('what was in use when something failed is not used again', async () => {
  const spares = new Spares();
  const first = await lent(spares, 100_000);
  const failing = spares.lend(100_000, () => Promise.reject(new Error('no answer')));
  await expect(failing).rejects.toThrow('no answer');
  expect((await lent(spares, 100_000)) === first).toBe(false);
});

test('what is small or very large is not kept, and of the rest only a few', async () => {
  const spares = new Spares();
  for (const size of [1_000, 3_000_000]) {
    const first = await lent(spares, size);
    expect((await lent(spares, size)) === first).toBe(false);
  }
  const used: ArrayBufferLike[] = [];
  const ten = Array.from({ length: 10 }, (_, i) => 100_000 + i);
  await Promise.all(ten.map(async (size) => used.push(await lent(spares, size))));
  expect(await lent(spares, 100_000)).toBe(used[2]);
});
