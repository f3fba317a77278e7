import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from './store.js';

export interface StoreFixture {
  readonly store: Store;
  /** Lets so much time pass for the store. */
  tick(ms: number): void | Promise<void>;
  close(): Promise<void>;
}

/** What every adapter of `Store` promises. */
export function storeContract(open: () => Promise<StoreFixture>): void {
  describe('store', () => {
    let fixture: StoreFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    test('counts the versions of a record', async () => {
      const { store } = fixture;
      expect(await store.get('a')).toBeNull();
      await store.transact([{ key: 'a', value: '1' }]);
      await store.transact([{ key: 'a', value: '2' }]);
      expect(await store.get('a')).toEqual({ value: '2', version: 2 });
    });

    test('writes all or nothing when a version does not match', async () => {
      const { store } = fixture;
      expect(await store.transact([{ key: 'a', value: '1', version: 0 }])).toBe(true);
      const second = [
        { key: 'b', value: '1' },
        { key: 'a', value: '2', version: 0 },
      ];
      expect(await store.transact(second)).toBe(false);
      expect(await store.get('b')).toBeNull();
      expect(await store.transact([{ key: 'a', delete: true, version: 1 }])).toBe(true);
      expect(await store.get('a')).toBeNull();
    });

    test('lets one of many conflicting writers win', async () => {
      const { store } = fixture;
      const attempts = Array.from({ length: 20 }, (_, i) =>
        store.transact([{ key: 'a', value: `${i}`, version: 0 }]),
      );
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
    });

    test('forgets what has expired', async () => {
      const { store } = fixture;
      await store.transact([{ key: 'a', value: '1', expiresInMs: 500 }]);
      expect(await store.get('a')).not.toBeNull();
      await fixture.tick(500);
      expect(await store.get('a')).toBeNull();
      expect(await store.list('')).toEqual([]);
      expect(await store.transact([{ key: 'a', value: '2', version: 0 }])).toBe(true);
    });

    test('lists by prefix, in order, page by page', async () => {
      const { store } = fixture;
      await store.transact(['v/1', 'v/2', 'v/3', 'w/1'].map((key) => ({ key, value: key })));
      const keys = async (options: { after?: string; limit?: number }): Promise<string[]> =>
        (await store.list('v/', options)).map(({ key }) => key);
      expect(await keys({})).toEqual(['v/1', 'v/2', 'v/3']);
      expect(await keys({ limit: 2 })).toEqual(['v/1', 'v/2']);
      expect(await keys({ after: 'v/2' })).toEqual(['v/3']);
    });

    test('lists what is left of many that have expired, in full pages', async () => {
      const { store } = fixture;
      const key = (i: number): string => `v/${String(i).padStart(2, '0')}`;
      for (let i = 0; i < 30; i++)
        await store.transact([{ key: key(i), value: '', ...(i % 5 === 0 ? {} : { expiresInMs: 100 }) }]);
      await fixture.tick(100);
      const keys = (await store.list('v/', { limit: 5 })).map((one) => one.key);
      expect(keys).toEqual([0, 5, 10, 15, 20].map(key));
      expect(await store.list('v/', { after: key(20), limit: 5 })).toEqual([
        { key: key(25), value: '', version: 1 },
      ]);
    });

    test('keeps any text as key and value, in order of code points', async () => {
      const { store } = fixture;
      const names = ['k/', 'k/a b', 'k/é', 'k/\uffee', 'k/\u{1f30a}'];
      await store.transact([...names, 'l/'].reverse().map((key) => ({ key, value: `${key}\n"\u0000` })));
      expect((await store.list('k/')).map(({ key, value }) => [key, value])).toEqual(
        names.map((key) => [key, `${key}\n"\u0000`]),
      );
      expect((await store.list('k/', { after: 'k/é' })).map(({ key }) => key)).toEqual(names.slice(3));
    });

    test('has nothing of a key that is longer than any, and what lies behind it', async () => {
      const { store } = fixture;
      await store.transact(['v/1', 'v/3'].map((key) => ({ key, value: key })));
      const key = `v/2${'ü'.repeat(10_000)}`;
      expect(await store.get(key)).toBeNull();
      expect((await store.list('v/', { after: key })).map((one) => one.key)).toEqual(['v/3']);
    });

    test('starts to count again when a record was deleted or has expired', async () => {
      const { store } = fixture;
      await store.transact([{ key: 'a', value: '1', expiresInMs: 1000 }]);
      await store.transact([{ key: 'a', value: '2' }]);
      await fixture.tick(1000);
      expect(await store.get('a')).toEqual({ value: '2', version: 2 });
      await store.transact([{ key: 'a', delete: true }]);
      expect(await store.transact([{ key: 'a', value: '3', version: 0 }])).toBe(true);
      expect(await store.get('a')).toEqual({ value: '3', version: 1 });
    });
  });
}
