import { describe, expect, test } from 'vitest';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import { temporaryFolder } from '../../test/tidemark.js';
import type { Acknowledgement, Silence } from '../model/marks.js';
import { MarkStore } from './mark-store.js';

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;
const MOST = 1_000;

const silence = (id: string, more: Partial<Silence> = {}): Silence => ({
  ...{ id, by: 'ada', why: 'deploying', from: NOW, until: NOW + DAY },
  matchers: [{ label: 'route', operator: '=', value: '/a' }],
  ...more,
});
const said = (fingerprint: string, more: Partial<Acknowledgement> = {}): Acknowledgement => ({
  ...{ fingerprint, startsAt: NOW, by: 'bo', why: 'on it', at: NOW, until: null },
  ...more,
});

/** Two processes over one store. */
function opened() {
  const folder = temporaryFolder();
  const environment = openEnvironment({ path: folder.path, mode: 'write' });
  const store = lmdbStore(environment, { clock: () => NOW });
  const dispose = async (): Promise<void> => {
    await environment.close();
    folder[Symbol.dispose]();
  };
  const keep = (kind: string, marks: readonly (readonly [string, Silence | Acknowledgement])[]) =>
    store.transact(marks.map(([id, one]) => ({ key: `marks/${kind}/${id}`, value: JSON.stringify(one) })));
  return { one: new MarkStore(store), other: new MarkStore(store), keep, [Symbol.asyncDispose]: dispose };
}

const ids = async (marks: MarkStore, now = NOW): Promise<string[]> =>
  (await marks.all(now)).silences.map(({ id }) => id);
const always = (): boolean => true;
const never = (): boolean => false;

describe('silences', () => {
  test('that one writes, others see, and that one ends, stay as ended', async () => {
    await using at = opened();
    expect(await at.one.silence(silence('s'), NOW)).toBe(true);
    expect((await at.other.all(NOW)).silences).toEqual([silence('s')]);
    expect(await at.other.end('s', NOW + 5)).toBe(true);
    expect((await at.one.all(NOW + 5)).silences).toEqual([silence('s', { until: NOW + 5 })]);
    expect(await at.one.end('s', NOW + 9)).toBe(true);
    expect((await at.one.all(NOW + 9)).silences).toEqual([silence('s', { until: NOW + 5 })]);
    expect(await at.one.end('none', NOW)).toBe(false);
  });

  test('that are to come and end now never were in effect', async () => {
    await using at = opened();
    await at.one.silence(silence('s', { from: NOW + 10 }), NOW);
    await at.one.end('s', NOW + 5);
    expect((await at.one.all(NOW + 5)).silences).toEqual([silence('s', { from: NOW + 5, until: NOW + 5 })]);
  });

  test('are swept five days after their end', async () => {
    await using at = opened();
    await at.one.silence(silence('s'), NOW);
    expect(await ids(at.one, NOW + 6 * DAY - 1)).toEqual(['s']);
    expect(await ids(at.one, NOW + 6 * DAY)).toEqual([]);
    await at.one.silence(silence('t', { until: NOW + 9 * DAY }), NOW + 6 * DAY);
    expect(await ids(at.one)).toEqual(['t']);
  });

  test('are a thousand at most: one that has ended makes place, the first to end before the others', async () => {
    await using at = opened();
    const many = Array.from({ length: MOST - 2 }, (_, i) => [`m${i}`, silence(`m${i}`)] as const);
    const ended = [2, 1].map((ago) => [`e${ago}`, silence(`e${ago}`, { until: NOW - ago })] as const);
    await at.keep('silence', [...many, ...ended]);
    expect(await at.one.silence(silence('a'), NOW)).toBe(true);
    expect(await ids(at.one)).toEqual(expect.arrayContaining(['a', 'e1']));
    expect(await ids(at.one)).not.toContain('e2');
    expect(await at.one.silence(silence('b'), NOW)).toBe(true);
    expect(await at.one.silence(silence('c'), NOW)).toBe(false);
    expect(await ids(at.one)).toHaveLength(MOST);
  });
});

describe('acknowledgements', () => {
  test('replace what was said of the alert before', async () => {
    await using at = opened();
    expect(await at.one.acknowledge(said('f'), { now: NOW, holds: always })).toBe('new');
    const second = said('f', { by: 'cy' });
    expect(await at.other.acknowledge(second, { now: NOW, holds: always })).toBe('replaced');
    expect((await at.one.all(NOW)).acknowledgements).toEqual([second]);
    // What was said of one that has resolved is not what is replaced.
    expect(await at.one.acknowledge(said('f'), { now: NOW, holds: never })).toBe('new');
  });

  test('are taken back once', async () => {
    await using at = opened();
    await at.one.acknowledge(said('f'), { now: NOW, holds: always });
    expect(await at.other.withdraw('f', never)).toBe(false);
    expect(await at.other.withdraw('f', always)).toBe(true);
    expect(await at.one.withdraw('f', always)).toBe(false);
    expect((await at.one.all(NOW)).acknowledgements).toEqual([]);
  });

  test('that do not hold go after five days, and before where there is no place', async () => {
    await using at = opened();
    const many = Array.from({ length: MOST }, (_, i) => [`m${i}`, said(`m${i}`, { at: NOW + i })] as const);
    await at.keep('acknowledgement', many);
    const now = NOW + MOST;
    expect(await at.one.acknowledge(said('a'), { now, holds: always })).toBeNull();
    // One that is there already needs no place.
    expect(await at.one.acknowledge(said('m1'), { now, holds: always })).toBe('replaced');
    const holds = ({ fingerprint }: Acknowledgement): boolean => fingerprint !== 'm7';
    expect(await at.one.acknowledge(said('a'), { now, holds })).toBe('new');
    const kept = async () => (await at.one.all(now)).acknowledgements.map(({ fingerprint }) => fingerprint);
    expect(await kept()).toHaveLength(MOST);
    expect(await kept()).not.toContain('m7');
    expect(await at.one.acknowledge(said('b'), { now: now + 5 * DAY, holds: never })).toBe('new');
    expect(await kept()).toEqual(['b']);
  });
});
