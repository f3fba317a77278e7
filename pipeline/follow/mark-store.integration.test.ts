import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisStore } from '../../platform/store/redis/store.js';
import { docker, restart, type Server, startRedis } from '../../test/containers.js';
import { freePort } from '../../test/outage.js';
import type { Silence } from '../model/marks.js';
import { MarkStore } from './mark-store.js';

const NOW = 1_700_000_000_000;
const MOST = 1_000;
const silence = (id: string): Silence => ({
  ...{ id, by: 'ada', why: 'deploying', from: NOW, until: NOW + 1_000 },
  matchers: [{ label: 'route', operator: '=', value: '/a' }],
});

describe.skipIf(!docker)('marks over Redis', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startRedis(await freePort());
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test('are seen by every process at once, after a restart too, a thousand of them at most', async () => {
    const stores = [redisStore({ url: server.url }), redisStore({ url: server.url })] as const;
    const [one, other] = [new MarkStore(stores[0]), new MarkStore(stores[1])];
    const ids = async (of: MarkStore): Promise<string[]> =>
      (await of.all(NOW)).silences.map(({ id }) => id).sort();
    expect(await one.silence(silence('a'), NOW)).toBe(true);
    expect(await ids(other)).toEqual(['a']);
    const said = { fingerprint: 'f', startsAt: 1, by: 'bo', why: 'on it', at: NOW, until: null };
    expect(await other.acknowledge(said, { now: NOW, holds: () => true })).toBe('new');
    expect((await one.all(NOW)).acknowledgements).toEqual([said]);
    await restart(server);
    await expect.poll(() => ids(one).catch(() => null), { timeout: 20_000 }).toEqual(['a']);

    const more = Array.from({ length: MOST - 1 }, (_, i) => silence(`m${i}`));
    await stores[0].transact(
      more.map((each) => ({ key: `marks/silence/${each.id}`, value: JSON.stringify(each) })),
    );
    expect(await ids(other)).toHaveLength(MOST);
    expect(await other.silence(silence('b'), NOW)).toBe(false);
    expect(await one.end('m7', NOW + 5)).toBe(true);
    expect(await other.silence(silence('b'), NOW + 5)).toBe(true);
    const now = await ids(one);
    expect([now.length, now.includes('b'), now.includes('m7')]).toEqual([MOST, true, false]);
    for (const store of stores) await store.close();
  });
});
