import { describe, expect, test } from 'vitest';
import { Passwords } from './passwords.js';

/** Derivations that wait until they are let go. */
function held() {
  const waiting: (() => void)[] = [];
  let [count, running, most] = [0, 0, 0];
  return {
    derive: async (password: string, salt: string): Promise<Buffer> => {
      count++;
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => waiting.push(resolve));
      running--;
      return Buffer.alloc(32, password + salt);
    },
    /** Lets all go that have begun, until nothing is left. */
    letGo: async (): Promise<void> => {
      while (waiting.length > 0) {
        for (const go of waiting.splice(0)) go();
        // Whoever waits for a turn takes it within some turns of the microtask queue.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    get count() {
      return count;
    },
    get most() {
      return most;
    },
  };
}

const stored = (password: string): string =>
  `${'0'.repeat(32)}:${Buffer.alloc(32, password + '0'.repeat(32)).toString('hex')}`;

describe('passwords', () => {
  test.each<[string, string, string | null, boolean]>([
    ['a right one', 'secret', stored('secret'), true],
    ['a wrong one', 'wrong', stored('secret'), false],
    ['one of an unknown user', 'secret', null, false],
    ['the nothing that stands for an unknown user', '', null, false],
  ])('%s costs one derivation', async (_, password, hash, expected) => {
    const clock = held();
    const passwords = new Passwords(() => 0, clock.derive);
    const verified = passwords.verify({ user: 'a', password }, hash);
    await clock.letGo();
    expect([await verified, clock.count]).toEqual([expected, 1]);
  });

  test('that were right are remembered for 5 minutes, others are not', async () => {
    const clock = held();
    let now = 0;
    const passwords = new Passwords(() => now, clock.derive);
    const verify = async (password: string): Promise<number> => {
      const verified = passwords.verify({ user: 'a', password }, stored('secret'));
      await clock.letGo();
      await verified;
      return clock.count;
    };
    expect([await verify('secret'), await verify('secret')]).toEqual([1, 1]);
    expect([await verify('wrong'), await verify('wrong')]).toEqual([2, 3]);
    now = 299_999;
    expect(await verify('secret')).toBe(3);
    now = 300_000;
    expect(await verify('secret')).toBe(4);
  });

  test('that come several times at once are derived once', async () => {
    const clock = held();
    const passwords = new Passwords(() => 0, clock.derive);
    let attempts = 0;
    const all = Array.from({ length: 20 }, () =>
      passwords.verify({ user: 'a', password: 'secret' }, stored('secret'), () => void attempts++),
    );
    await clock.letGo();
    expect([await Promise.all(all), clock.count, attempts]).toEqual([Array(20).fill(true), 1, 1]);
  });

  test('are derived two at a time; so many wait, and more are refused at once', async () => {
    const clock = held();
    const passwords = new Passwords(() => 0, clock.derive);
    const all = Array.from({ length: 110 }, () =>
      passwords.hash('x').then(
        () => 'hashed',
        (error: { status: number; more: unknown }) => [error.status, error.more],
      ),
    );
    const refused = [503, { limit: 'hashes', headers: { 'retry-after': '4' } }];
    expect(await Promise.all(all.slice(102))).toEqual(Array(8).fill(refused));
    await clock.letGo();
    expect(await Promise.all(all.slice(0, 102))).toEqual(Array(102).fill('hashed'));
    expect([clock.count, clock.most]).toEqual([102, 2]);
    const after = passwords.hash('x');
    await clock.letGo();
    expect(await after).toMatch(/^[\da-f]{32}:[\da-f]{64}$/);
  });

  test('by scrypt are verified against what was hashed', async () => {
    const passwords = new Passwords(() => 0);
    const hash = await passwords.hash('secret');
    expect(await passwords.verify({ user: 'a', password: 'secret' }, hash)).toBe(true);
    expect(await passwords.verify({ user: 'a', password: 'secret ' }, hash)).toBe(false);
  });
});
