import { describe, expect, test } from 'vitest';
import { Slots } from './slots.js';

const never = new AbortController().signal;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  test('let so many go on, and the others in order of their coming', async () => {
    const slots = new Slots(2);
    const order: number[] = [];
    const releases: (() => void)[] = [];
    for (let i = 0; i < 5; i++) {
      void slots.take(never).then((release) => {
        order.push(i);
        releases.push(release);
      });
    }
    await settled();
    expect([order, slots.taken]).toEqual([[0, 1], 2]);
    for (const expected of [
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ]) {
      releases.shift()?.();
      await settled();
      expect(order).toEqual(expected);
    }
    releases.shift()?.();
    expect(slots.taken).toBe(0);
  });

  test('give a slot to the first in line, not to one who comes at that very moment', async () => {
    const slots = new Slots(1);
    const order: string[] = [];
    const release = await slots.take(never);
    void slots.take(never).then(() => order.push('in line'));
    release();
    void slots.take(never).then(() => order.push('just came'));
    await settled();
    expect(order).toEqual(['in line']);
  });

  test('forget one whose signal is aborted while it waits', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    const impatient = new AbortController();
    const first = slots.take(impatient.signal);
    const second = slots.take(never);
    impatient.abort(new Error('lost'));
    await expect(first).rejects.toThrow('lost');
    release();
    (await second)();
    expect(slots.taken).toBe(0);
  });

  test('give nothing to a signal that is aborted already', async () => {
    const slots = new Slots(1);
    await expect(slots.take(AbortSignal.abort(new Error('lost')))).rejects.toThrow('lost');
    expect(slots.taken).toBe(0);
  });

  test('take a slot back once, however often it is given back', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    release();
    release();
    expect(slots.taken).toBe(0);
    await slots.take(never);
    expect(slots.taken).toBe(1);
  });
});
