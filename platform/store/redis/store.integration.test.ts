import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { pause } from '../../../cli/pause.js';
import { docker, type Server, startRedis } from '../../../test/containers.js';
import { befall, freePort } from '../../../test/outage.js';
import { leaseContract } from '../lease.contract.js';
import { storeContract } from '../store.contract.js';
import { type Store, StoreError } from '../store.js';
import { redisStore } from './store.js';

describe.skipIf(!docker)('over Redis', () => {
  let server: Server;
  let admin: Redis;
  const stores: Store[] = [];
  const open = (
    namespace = `${randomUUID()}:`,
    url = server.url,
    warn: (text: string) => void = () => undefined,
  ): Store => {
    const store = redisStore({ url, namespace, warn });
    stores.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await startRedis(await freePort());
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    admin?.disconnect();
    await server?.[Symbol.asyncDispose]();
  });

  /** ms since the epoch, by the server's clock, which is what expiry goes by. */
  const serverTime = async (): Promise<number> => {
    const [seconds, micros] = (await admin.time()) as unknown as readonly [string, string];
    return Number(seconds) * 1000 + Number(micros) / 1000;
  };

  const serverTimePasses = async (ms: number): Promise<void> => {
    const until = (await serverTime()) + ms;
    await vi.waitUntil(async () => (await serverTime()) > until, { timeout: ms + 10_000, interval: 5 });
  };

  storeContract(async () => {
    const store = open();
    return {
      store,
      tick: serverTimePasses,
      close: () => store.close(),
    };
  });

  leaseContract(async () => {
    const store = open();
    return {
      store,
      lastsMs: 1_200,
      clock: () => performance.now(),
      pause,
      pass: serverTimePasses,
      close: () => store.close(),
    };
  });

  test('keeps one namespace from another, in one hash slot each', async () => {
    const [one, other] = [open('one:'), open('other:')];
    await one.transact([{ key: 'a', value: '1' }]);
    expect(await other.list('')).toEqual([]);
    expect((await admin.keys('{one:}*')).sort()).toEqual(['{one:}index', '{one:}r:a']);
    expect(() => redisStore({ url: server.url, namespace: 'a{b' })).toThrow('may hold no braces');
  });

  test('takes what has expired out of the index once it is met', async () => {
    const store = open('expiring:');
    await store.transact([
      { key: 'a', value: '', expiresInMs: 1 },
      { key: 'b', value: '' },
    ]);
    await vi.waitUntil(async () => (await admin.exists('{expiring:}r:a')) === 0);
    expect((await store.list('')).map(({ key }) => key)).toEqual(['b']);
    expect(await admin.zrange('{expiring:}index', '0', '-1')).toEqual(['b']);
  });

  test('pages through more records than one script looks at', async () => {
    const store = open();
    const key = (i: number): string => `v/${String(i).padStart(4, '0')}`;
    for (let from = 0; from < 2500; from += 500)
      await store.transact(Array.from({ length: 500 }, (_, i) => ({ key: key(from + i), value: `${i}` })));
    const all = await store.list('v/', { limit: 5000 });
    expect([all.length, all[0]?.key, all.at(-1)?.key]).toEqual([2500, key(0), key(2499)]);
  });

  test('says absent after a flush, and goes on', async () => {
    const store = open();
    await store.transact([{ key: 'a', value: '1' }]);
    await admin.flushall();
    await admin.script('FLUSH');
    expect([await store.get('a'), await store.list('')]).toEqual([null, []]);
    expect(await store.transact([{ key: 'a', value: '1', version: 1 }])).toBe(false);
    expect(await store.transact([{ key: 'a', value: '1', version: 0 }])).toBe(true);
  });

  test('tells a fault that lasts from one that passes', async () => {
    const store = open('faults:');
    await store.transact([{ key: 'a', value: '1' }]);
    await admin.set('{faults:}r:b', 'no hash');
    await expect(store.get('b')).rejects.toMatchObject({ code: 'Refused', retryable: false });
    await admin.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    const write = store.transact([{ key: 'a', value: '2' }]);
    await expect(write).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    await admin.config('SET', 'maxmemory', '0');
    expect(await store.transact([{ key: 'a', value: '2' }])).toBe(true);
  });

  test('logs in with the password of the address', async () => {
    await admin.acl('SETUSER', 'ada', 'on', '>s3cret', 'allkeys', 'allcommands');
    const at = (password: string): string => server.url.replace('redis://', `redis://ada:${password}@`);
    expect(await open('x:', at('s3cret')).get('a')).toBeNull();
    await expect(open('x:', at('wrong')).get('a')).rejects.toThrow(/WRONGPASS/);
  });

  test.each([
    ['is down', 'stop', 'start'],
    ['does not answer', 'pause', 'unpause'],
  ] as const)('rejects soon while the server %s, and works again without a restart', async (_, ill, well) => {
    const said: string[] = [];
    const store = open(undefined, server.url, (text) => said.push(text));
    await store.transact([{ key: 'a', value: '1' }]);
    await befall(server, ill);
    for (const attempt of [() => store.get('a'), () => store.transact([{ key: 'b', value: '2' }])]) {
      const since = performance.now();
      const error = await attempt().catch((one: unknown) => one);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
      expect(performance.now() - since).toBeLessThan(2_500);
    }
    await befall(server, well);
    const found = await vi.waitUntil(() => store.get('a').catch(() => null), { timeout: 20_000 });
    expect(found).toEqual({ value: '1', version: 1 });
    expect(await store.transact([{ key: 'a', value: '2', version: 1 }])).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(/^Redis cannot be reached: /),
      expect.stringMatching(/^Redis answers again, after \d+ s$/),
    ]);
  });

  test('is closed when it is closed', async () => {
    const store = open();
    await store.get('a');
    await store.close();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'Closed', retryable: false });
  });

  test('warns of a server that keeps no append-only file', async () => {
    await admin.config('SET', 'appendonly', 'no');
    const warnings: string[] = [];
    const store = redisStore({ url: server.url, warn: (message) => warnings.push(message) });
    stores.push(store);
    await store.get('a');
    await vi.waitUntil(() => warnings.length > 0);
    expect(warnings).toEqual([expect.stringContaining('appendonly yes')]);
  });
});
