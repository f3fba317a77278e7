import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Driver, video } from './driver.fixture.js';
import type { State } from './records.js';

const id = (i: number): string => `v${String(i).padStart(2, '0')}`;

describe('a list in pages', () => {
  let driver: Driver;
  beforeEach(async () => {
    driver = await Driver.open();
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const add = (i: number, state: State = 'available', owner = 'u'): Promise<boolean> =>
    driver.directory.addVideo(video({ id: id(i), name: id(i), state, owner }));

  /** The ids of each page, until there is no next one. */
  const pages = async (path: string, between: (turn: number) => unknown = () => 0): Promise<string[][]> => {
    const { app } = driver.vms();
    const all: string[][] = [];
    for (let at: string | null = path; at !== null; ) {
      const answer: Response = await app.request(at);
      expect(answer.status).toBe(200);
      all.push(((await answer.json()) as { id: string }[]).map((one) => one.id));
      await between(all.length);
      const target = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      at = target === undefined ? null : new URL(target, `http://vms${at}`).href.slice('http://vms'.length);
    }
    return all;
  };
  const ids = (...all: readonly number[]): string[] => all.map(id);

  test.each([
    [0, 2, [[]]],
    [1, 2, [[0]]],
    [2, 2, [[0, 1]]],
    [3, 2, [[0, 1], [2]]],
    [4, 1, [[0], [1], [2], [3]]],
  ])('of %i videos, %i to a page', async (count, limit, expected) => {
    for (let i = 0; i < count; i++) await add(i);
    expect(await pages(`/videos?limit=${limit}`)).toEqual(expected.map((one) => ids(...one)));
  });

  test('has each once, whatever comes and goes meanwhile', async () => {
    for (const i of [1, 3, 5, 7]) await add(i);
    const found = await pages('/videos?limit=2', async (turn) => {
      if (turn > 1) return;
      // The last of the first page goes; others come before and behind.
      await driver.directory.remove(id(3), () => true);
      await add(0);
      await add(6);
    });
    expect(found).toEqual([ids(1, 3), ids(5, 6), ids(7)]);
  });

  test('has 100 where nobody says how many', async () => {
    await driver.store.transact(
      Array.from({ length: 101 }, (_, i) => ({
        key: `user/${String(i).padStart(3, '0')}`,
        value: JSON.stringify({ id: String(i).padStart(3, '0'), name: 'x' }),
      })),
    );
    expect((await pages('/users')).map((page) => page.length)).toEqual([100, 1]);
    expect((await pages('/users?limit=1000')).map((page) => page.length)).toEqual([101]);
  });

  test('is of one owner, one state, or both', async () => {
    await add(0, 'available', 'a');
    await add(1, 'uploaded', 'a');
    await add(2, 'available', 'b');
    await add(3, 'available', 'a');
    expect(await pages('/videos?owner=a&limit=2')).toEqual([ids(0, 1), ids(3)]);
    expect(await pages('/videos?state=available&limit=2')).toEqual([ids(0, 2), ids(3)]);
    expect(await pages('/videos?state=available&owner=a&limit=1')).toEqual([ids(0), ids(3)]);
    expect(await pages('/videos?owner=nobody')).toEqual([[]]);
  });

  test('reads for a page what is near it, and goes on where few match', async () => {
    const many = Array.from({ length: 6_000 }, (_, i) => {
      const one = video({
        id: `w${String(i).padStart(4, '0')}`,
        state: i === 5_500 ? 'uploaded' : 'available',
      });
      return { key: `video/${one.id}`, value: JSON.stringify(one) };
    });
    await driver.store.transact(many);
    const list = vi.spyOn(driver.store, 'list');
    const { app } = driver.vms();
    await app.request('/videos?limit=3&after=w1000');
    expect(list.mock.calls.map(([, options]) => options?.limit)).toEqual([4]);
    expect(await pages('/videos?state=uploaded')).toEqual([[], ['w5500']]);
  });

  test('begins behind an id, though that is no video', async () => {
    for (const i of [1, 3]) await add(i);
    expect(await pages(`/videos?after=${id(2)}`)).toEqual([ids(3)]);
  });

  test.each([
    ['/videos?limit=0', 'limit'],
    ['/videos?limit=1001', 'limit'],
    ['/videos?limit=x', 'limit'],
    ['/videos?limit=1&limit=2', 'limit'],
    ['/videos?limit=1.5', 'limit'],
    ['/videos?after=', 'after'],
    ['/videos?after=%00', 'after'],
    [`/videos?after=${'x'.repeat(201)}`, 'after'],
    ['/videos?state=lost', 'state'],
    ['/videos?owner=a/b', 'owner'],
    ['/users?limit=-1', 'limit'],
  ])('%s is refused, by the name of what is wrong', async (path, name) => {
    const answer = await driver.vms().app.request(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(((await answer.json()) as { detail: string }).detail).toContain(`${name}: `);
  });
});
