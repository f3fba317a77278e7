import { describe, expect, test } from 'vitest';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { recompile } from '../sla/compile.js';
import { Driver, MINUTE, windowOf } from './driver.fixture.js';
import { Pages } from './pages.js';
import { BadQuery } from './query.js';

/** The answer, and the path of the page behind, as a client resolves it. */
async function page<T>(driver: Driver, path: string): Promise<{ items: T[]; next: string | null }> {
  const answer = await driver.request(path);
  expect(answer.status).toBe(200);
  const link = answer.headers.get('link');
  const target = link === null ? null : /^<(.+)>; rel="next"$/.exec(link)?.[1];
  if (target === undefined) return expect.unreachable(`Link: ${link}`);
  const here = `http://view/api/v1${path}`;
  return {
    items: (await answer.json()) as T[],
    next: target === null ? null : new URL(target, here).href.slice('http://view/api/v1'.length),
  };
}

/** All pages from there on; `between` happens after each. */
async function pages<T>(driver: Driver, path: string, between?: (turn: number) => unknown): Promise<T[][]> {
  const all: T[][] = [];
  for (let at: string | null = path; at !== null; ) {
    const { items, next }: { items: T[]; next: string | null } = await page<T>(driver, at);
    all.push(items);
    await between?.(all.length);
    at = next;
  }
  return all;
}

describe('a list in pages', () => {
  test('of alerts has each once, whose state changes meanwhile too', async () => {
    await using driver = await Driver.create();
    const active = ['/a', '/b', '/c', '/d', '/e'];
    await driver.append(['alerts', 0], 'AlertRecord', ...active.map((route) => alertOf(route, 'pending')));
    await driver.view.start();
    const change = async (turn: number): Promise<void> => {
      if (turn > 1) return;
      // Firing, /e would stand first; /a goes, which was given; and others come before and behind.
      const records = [alertOf('/e', 'firing'), alertOf('/a', 'inactive'), alertOf('/0', 'firing')];
      await driver.append(['alerts', 1], 'AlertRecord', ...records, alertOf('/f', 'firing'));
      await expect.poll(() => driver.get<AlertRecord[]>('/alerts')).toHaveLength(6);
    };
    const found = await pages<AlertRecord>(driver, '/alerts?limit=2', change);
    expect(found.map((one) => one.map(({ fingerprint }) => fingerprint))).toEqual([
      ...[
        ['/a', '/b'],
        ['/c', '/d'],
        ['/e', '/f'],
      ],
    ]);
  });

  test('keeps the filter from page to page', async () => {
    await using driver = await Driver.create();
    const routes = ['/a', '/b', '/c', '/d'];
    const severe = routes.map(
      (route): AlertRecord => ({ ...alertOf(route, 'firing'), severity: 'critical' }),
    );
    await driver.append(['alerts', 0], 'AlertRecord', ...severe, alertOf('/bb', 'firing'));
    await driver.view.start();
    const match = encodeURIComponent('{route!="/c"}');
    const found = await pages<AlertRecord>(driver, `/alerts?limit=1&severity=critical&match=${match}`);
    expect(found.flat().map(({ fingerprint }) => fingerprint)).toEqual(['/a', '/b', '/d']);
  });

  test('of windows goes on where it was, over partitions, while time passes and windows come', async () => {
    await using driver = await Driver.create();
    const ends = [4, 3, 2, 1].map((ago) => NOW - ago * MINUTE);
    // Those of one end in both partitions, and in one partition not in order of their ends.
    for (const partition of [0, 1])
      for (const end of [...ends].reverse())
        await driver.append(['windows', partition], 'WindowRecord', windowOf(`/${partition}`, end));
    const pass = async (turn: number): Promise<void> => {
      driver.now += 2 * MINUTE;
      if (turn === 1) await driver.append(['windows', 0], 'WindowRecord', windowOf('/new', NOW));
    };
    const found = await pages<WindowRecord>(driver, '/windows?limit=3&since=5m', pass);
    expect(found.map((one) => one.length)).toEqual([3, 3, 3]);
    expect(found.flat().map(({ end, group }) => `${group.route} ${(NOW - end) / MINUTE}`)).toEqual([
      ...['/0 4', '/1 4', '/0 3', '/1 3', '/0 2', '/1 2', '/0 1', '/1 1', '/new 0'],
    ]);
  });

  test('of more windows than are given at once is had in pages alone', async () => {
    await using driver = await Driver.create();
    const ends = Array.from({ length: 100_002 }, (_, n) => NOW - n);
    // The first page is at the end of the log.
    await driver.append(['windows', 0], 'WindowRecord', ...ends.map((end) => windowOf('/a', end)));
    const refused = await driver.request('/windows');
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      400,
      expect.stringContaining('more than 100000 windows: ask for pages with limit'),
    ]);
    const { items, next } = await page<WindowRecord>(driver, '/windows?limit=2');
    expect(items.map(({ end }) => NOW - end)).toEqual([100_001, 100_000]);
    expect(next).not.toBeNull();
  });

  test('of groups and of rules is in order of their names', async () => {
    await using driver = await Driver.create();
    const text = ['version: 1', 'slas:', ...['C', 'A', 'B'].map((name) => rule(name)), ''].join('\n');
    const { revision, judged } = recompile('sla.yaml', text);
    await driver.append(['rules', 0], 'RulesRevision', { revision, file: 'sla.yaml', text });
    const selection = judged[0]?.id ?? '';
    const windows = ['/c', '/a', '/b'].map((route) => ({ ...windowOf(route, NOW), selection }));
    await driver.append(['windows', 0], 'WindowRecord', ...windows);
    await driver.view.start();
    const groups = `/groups?selection=${selection}&limit=2`;
    await expect.poll(() => driver.get(`/groups?selection=${selection}`)).toHaveLength(3);
    const texts = (await pages<{ text: string }>(driver, groups)).map((one) => one.map(({ text }) => text));
    expect(texts).toEqual([['{route="/a"}', '{route="/b"}'], ['{route="/c"}']]);
    const names = (await pages<{ alert: string }>(driver, '/rules?limit=2')).map((one) =>
      one.map(({ alert }) => alert),
    );
    expect(names).toEqual([['A', 'B'], ['C']]);
  });

  test('says of the history where it goes on, in the body and as a link', async () => {
    await using driver = await Driver.create();
    const fired = [3, 2, 1].map((ago) => alertOf('/a', 'firing', NOW - ago * MINUTE));
    await driver.append(['alerts', 0], 'AlertRecord', ...fired);
    await driver.view.start();
    const answer = await driver.request('/history?limit=2');
    const { next } = (await answer.json()) as { next: string };
    expect(answer.headers.get('link')).toBe(`<?limit=2&cursor=${next}>; rel="next"`);
    const last = await driver.request(`/history?limit=2&cursor=${next}`);
    expect(await last.json()).toMatchObject({ transitions: [{ windowEnd: NOW - 3 * MINUTE }], next: null });
    expect(last.headers.get('link')).toBeNull();
  });

  test('has no link where all are given, and none behind the last page', async () => {
    await using driver = await Driver.create();
    await driver.append(['alerts', 0], 'AlertRecord', alertOf('/a', 'firing'), alertOf('/b', 'firing'));
    await driver.view.start();
    for (const path of ['/alerts', '/alerts?limit=2', '/alerts?limit=7', '/groups?limit=1', '/rules?limit=1'])
      expect([path, (await page(driver, path)).next]).toEqual([path, null]);
  });

  test.each([
    ['/alerts?since=1h&limit=3', 'ask /api/v1/history for those'],
    ['/alerts?limit=0', 'limit is "0": give a whole number from 1 on'],
    ['/alerts?cursor=', 'cursor is none of alerts: take that of the page before'],
    ['/windows?cursor=bm9uZQ', 'cursor is none of windows'],
    [`/windows?cursor=${otherCursor()}`, 'cursor is none of windows'],
    ['/groups?cursor=7', 'cursor is none of groups'],
    ['/rules?cursor=7', 'or leave it out to begin anew'],
  ])('refuses %s', async (path, detail) => {
    await using driver = await Driver.create();
    const answer = await driver.request(path);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { detail: string }).detail).toContain(detail);
  });
});

describe('a cursor', () => {
  const list = new Pages({ list: 'things', key: ['number', 'string'], usual: 10, most: 20 });

  test('gives back the key, and is safe in an address', () => {
    const key = [7, 'a/ü?&='] as const;
    const cursor = list.cursorOf(key);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(list.asked({ cursor })).toEqual({ limit: 10, after: key });
  });

  test('of another list, or of a key of another shape, is none', () => {
    const other = new Pages({ list: 'others', key: ['number', 'string'], usual: 10, most: 20 });
    const older = new Pages({ list: 'things', key: ['string', 'number'], usual: 10, most: 20 });
    const longer = new Pages({ list: 'things', key: ['number', 'string', 'string'], usual: 10, most: 20 });
    for (const cursor of [
      other.cursorOf([7, 'a']),
      older.cursorOf(['a', 7]),
      longer.cursorOf([7, 'a', 'b']),
      Buffer.from('{}').toString('base64url'),
    ])
      expect(() => list.asked({ cursor })).toThrow(BadQuery);
  });
});

const rule = (name: string): string =>
  `  - { alert: ${name}, match: m, by: [route], window: 10s, when: mean_latency > 500ms }`;

function otherCursor(): string {
  return new Pages({ list: 'alerts', key: ['string', 'string'], usual: 1, most: 1 }).cursorOf(['a', 'b']);
}
