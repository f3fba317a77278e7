import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Lease, type LeaseOptions } from './lease.js';
import { type Store, StoreError } from './store.js';

export interface LeaseFixture extends Pick<LeaseOptions, 'store' | 'clock' | 'pause'> {
  /** How long leases are to last, ms: long enough to be renewed on a busy machine. */
  readonly lastsMs: number;
  /** Lets so much time pass, for the store and for whoever pauses. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What a lease promises over any store. */
export function leaseContract(open: () => Promise<LeaseFixture>): void {
  describe('lease', () => {
    let fixture: LeaseFixture;
    let down = false;
    let lasts = 0;
    beforeEach(async () => {
      down = false;
      fixture = await open();
      lasts = fixture.lastsMs;
    });
    afterEach(() => fixture.close());

    /** The store, as one that cannot be reached sees it. */
    const cut = (store: Store): Store => {
      const guard = (): void => {
        if (down) throw new StoreError('Unavailable', 'the store is down');
      };
      return {
        ...store,
        get: async (key) => {
          guard();
          return store.get(key);
        },
        transact: async (writes) => {
          guard();
          return store.transact(writes);
        },
      };
    };
    const lease = (owner: string, more: Partial<LeaseOptions> = {}): Lease => {
      const { store, clock, pause } = fixture;
      return new Lease({ store: cut(store), key: 'lease/x', owner, lastsMs: lasts, clock, pause, ...more });
    };
    /** Its holder has stopped, though its lease has not. */
    const still = { pause: () => new Promise<void>(() => undefined) };

    test('has one holder, and the next as soon as it is given back', async () => {
      const takers = await Promise.all(['a', 'b', 'c'].map((owner) => lease(owner).take()));
      const [held, ...others] = takers.filter((one) => one !== null);
      expect([held?.lost.aborted, others]).toEqual([false, []]);
      await held?.release();
      expect(held?.lost.aborted).toBe(true);
      const next = await lease('d').take();
      expect(next?.lost.aborted).toBe(false);
      await next?.release();
    });

    test('is held for as long as it is renewed', async () => {
      const held = await lease('a').take();
      for (let i = 0; i < 4; i++) {
        await fixture.pass(lasts / 2);
        expect([held?.lost.aborted, await lease('b').take()]).toEqual([false, null]);
      }
      await held?.release();
    });

    test('is taken by another once its holder has stopped for so long', async () => {
      await lease('a', still).take();
      expect(await lease('b').take()).toBeNull();
      await fixture.pass(lasts + 1);
      const next = await lease('b').take();
      expect(next).not.toBeNull();
      await next?.release();
    });

    test('is had back at once by one that says the same name after a restart', async () => {
      await lease('a', still).take();
      const again = await lease('a').take();
      expect(again).not.toBeNull();
      await again?.release();
      expect(await fixture.store.get('lease/x')).toBeNull();
    });

    test('is lost when another has it', async () => {
      const held = await lease('a').take();
      await fixture.store.transact([{ key: 'lease/x', value: 'b' }]);
      await fixture.pass(lasts / 2);
      await vi.waitUntil(() => held?.lost.aborted);
      await held?.release();
      expect((await fixture.store.get('lease/x'))?.value).toBe('b');
    });

    test('outlives an outage that is shorter than itself, and no longer one', async () => {
      const held = await lease('a').take();
      down = true;
      await fixture.pass(lasts / 2);
      down = false;
      await fixture.pass(lasts);
      expect(held?.lost.aborted).toBe(false);
      down = true;
      await fixture.pass(lasts + lasts / 3);
      expect(held?.lost.aborted).toBe(true);
      down = false;
      await held?.release();
    });

    test('is held on to when the store has forgotten all', async () => {
      const held = await lease('a').take();
      await fixture.store.transact([{ key: 'lease/x', delete: true }]);
      await fixture.pass(lasts / 2);
      expect([held?.lost.aborted, await lease('b').take()]).toEqual([false, null]);
      await held?.release();
    });

    test('rejects where the store cannot be reached', async () => {
      down = true;
      await expect(lease('a').take()).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    });
  });
}
