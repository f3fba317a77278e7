import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { type EventLog, LogError } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import { type Store, StoreError } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { alertOf as alert, NOW } from './alert.fixture.js';
import { AlertIndex } from './alert-index.js';
import { AlertStore } from './alert-store.js';
import { SharedTopic } from './shared-topic.js';

const codec = embeddedCodec();
const MINUTE = 60_000;
const onFatal = (error: unknown): never => expect.unreachable(String(error));
const all = { from: 0, to: Number.POSITIVE_INFINITY, matches: () => true, limit: 100, after: null };

describe('the index of alerts', () => {
  let log: EventLog;
  let store: Store;
  let close: () => Promise<void>;
  let now = NOW;

  beforeEach(async () => {
    const folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    now = NOW;
    log = lmdbLog(environment, { clock: () => now });
    store = lmdbStore(environment);
    await log.createTopics([{ name: 'alerts', partitions: 1, retentionMs: null }]);
    close = async () => {
      await log.close();
      await environment.close();
      folder[Symbol.dispose]();
    };
  });
  afterEach(() => close());

  const append = (...records: readonly AlertRecord[]): Promise<number> =>
    log.append({
      topic: 'alerts',
      partition: 0,
      records: records.map((record) => ({ key: null, value: codec.encode('AlertRecord', record) })),
    });

  /** An index that is started, and what it is over. */
  async function running(
    over: { log?: EventLog; store?: Store; retention?: number; mostKept?: number } = {},
  ) {
    const stop = new AbortController();
    const patience = {
      pause: (ms: number, signal: AbortSignal) => pause(Math.min(ms, 20), signal),
      warn: () => undefined,
      signal: stop.signal,
    };
    const from = over.log ?? log;
    const index = new AlertIndex({
      ...{ log: from, patience, onFatal, clock: () => now, retention: over.retention ?? 60 * MINUTE },
      ...(over.mostKept === undefined ? {} : { mostKept: over.mostKept }),
      store: new AlertStore(over.store ?? store),
      topic: new SharedTopic({ log: from, codec, topic: 'alerts', patience }),
    });
    await index.start();
    const end = async (): Promise<void> => {
      stop.abort();
      await index.ended();
    };
    return { index, end };
  }
  const routes = (records: readonly AlertRecord[]): string[] =>
    records.map(({ labels }) => labels.route ?? '');

  test('knows an alert that fires for longer than the topic goes back, after a restart too', async () => {
    await append(alert('/old', 'firing', NOW - 50 * MINUTE), alert('/gone', 'firing', NOW - 50 * MINUTE));
    const first = await running();
    await first.end();
    // What the log deletes for its age is not there for the next one.
    const shortened: EventLog = {
      ...bound(log),
      range: async (topic, partition) => ({ ...(await log.range(topic, partition)), start: 2 }),
    };
    await append(alert('/gone', 'resolved', NOW));
    const second = await running({ log: shortened });
    expect(routes(second.index.active())).toEqual(['/old']);
    expect((await second.index.history(all)).records.map(({ id }) => id)).toEqual([
      `/gone resolved ${NOW}`,
      `/gone firing ${NOW - 50 * MINUTE}`,
      `/old firing ${NOW - 50 * MINUTE}`,
    ]);
    await second.end();
  });

  test('is made anew from the topic where the store has lost it, or keeps that of another log', async () => {
    await append(alert('/a', 'firing'), alert('/b', 'firing'));
    await (await running()).end();
    for (const { key } of await store.list('view/', { limit: 1_000 }))
      await store.transact([{ key, delete: true }]);
    const anew = await running();
    expect(routes(anew.index.active())).toEqual(['/a', '/b']);
    await anew.end();
    const other: EventLog = { ...bound(log), range: async () => ({ start: 0, end: 1 }) };
    const elsewhere = await running({ log: other });
    await elsewhere.end();
    expect(routes(elsewhere.index.active()).slice(0, 1)).toEqual(['/a']);
  });

  test('lets go of what is older than it keeps, but not of what still fires', async () => {
    await append(alert('/a', 'firing', NOW - 90 * MINUTE), alert('/b', 'firing', NOW - 30 * MINUTE));
    const { index, end } = await running();
    await index.history(all);
    await end();
    const later = await running();
    await expect.poll(async () => routes((await later.index.history(all)).records)).toEqual(['/b']);
    expect(routes(later.index.active())).toEqual(['/a', '/b']);
    await later.end();
  });

  test('keeps no more than so many of the newest, and finds none of the others by its id', async () => {
    await append(...[5, 4, 3, 2, 1].map((i) => alert(`/${i}`, 'resolved', NOW - i * MINUTE)));
    const { index, end } = await running({ mostKept: 3 });
    await index.history(all);
    await end();
    const later = await running({ mostKept: 3 });
    await expect
      .poll(async () => routes((await later.index.history(all)).records))
      .toEqual(['/1', '/2', '/3']);
    const id = (i: number): string => `/${i} resolved ${NOW - i * MINUTE}`;
    expect([(await later.index.byId(id(3)))?.id, await later.index.byId(id(4))]).toEqual([id(3), null]);
    await later.end();
  });

  test('goes on where the store is away, and keeps what came meanwhile once it is back', async () => {
    let away = false;
    const failing: Store = {
      ...store,
      transact: (writes) =>
        away ? Promise.reject(new StoreError('Unavailable', 'no Redis')) : store.transact(writes),
    };
    const { index, end } = await running({ store: failing });
    away = true;
    await append(alert('/a', 'firing'));
    await expect.poll(() => routes(index.active())).toEqual(['/a']);
    await expect(index.history(all)).rejects.toThrow('no Redis');
    away = false;
    expect(routes((await index.history(all)).records)).toEqual(['/a']);
    await end();
  });

  test('a filter that nothing matches is told where to go on, not looked for in all there is', async () => {
    const { index, end } = await running();
    for (let i = 0; i < 21; i++)
      await append(...Array.from({ length: 1_000 }, (_, j) => alert('/a', 'firing', NOW - i * 1_000 - j)));
    await expect.poll(async () => (await index.history(all)).records.length).toBe(100);
    await expect
      .poll(async () => {
        const page = await index.history({ ...all, matches: ({ windowEnd }) => windowEnd === NOW - 20_999 });
        if (page.next === null) return 'nothing looked for';
        const rest = await index.history({ ...all, after: page.next });
        return [page.records.length, rest.records.length];
      })
      .toEqual([0, 100]);
    await end();
  });
});

/** An open log whose methods may be taken apart. */
function bound(log: EventLog): EventLog {
  return {
    createTopics: (topics) => log.createTopics(topics),
    partitions: (topic) => log.partitions(topic),
    append: (output) => log.append(output),
    writer: (name, topic, partition) => log.writer(name, topic, partition),
    read: (topic, partition, from) => log.read(topic, partition, from),
    range: (topic, partition) => log.range(topic, partition),
    offsetAt: (topic, partition, time) => log.offsetAt(topic, partition, time),
    join: (group, topic, onAssigned) => log.join(group, topic, onAssigned),
    close: () => log.close(),
  };
}

describe('a log that cannot be followed', () => {
  const store = {
    list: async () => [],
    get: async () => null,
    transact: async () => true,
  } as unknown as Store;
  const indexOver = (log: EventLog, stop: AbortController, told: unknown[], warnings: string[] = []) => {
    const patience = {
      pause: (_: number, signal: AbortSignal) => pause(1, signal),
      warn: (text: string) => void warnings.push(text),
      signal: stop.signal,
    };
    return new AlertIndex({
      ...{ log, patience, clock: () => NOW, retention: MINUTE, store: new AlertStore(store) },
      onFatal: (error) => void told.push(error),
      topic: new SharedTopic({ log, codec, topic: 'alerts', patience }),
    });
  };

  test('delays the alerts for a while, and ends nothing', async () => {
    const stop = new AbortController();
    const [warnings, told]: [string[], unknown[]] = [[], []];
    let pulls = 0;
    const log = {
      partitions: async () => 1,
      range: async () => ({ start: 0, end: 1 }),
      read: () => ({
        seek: () => undefined,
        close: async () => undefined,
        pull: async () => {
          if (++pulls === 1) throw new LogError('Unavailable', 'no broker', { retryable: true });
          stop.abort();
          return null;
        },
      }),
    } as unknown as EventLog;
    const index = indexOver(log, stop, told, warnings);
    void index.start();
    await expect.poll(() => pulls).toBeGreaterThan(1);
    await index.ended();
    expect([warnings, told]).toEqual([['no broker; trying again'], []]);
  });

  test('is told where it refuses to be read, and ends nothing by itself', async () => {
    const refused = new LogError('Refused', 'no right to alerts');
    const log = {
      partitions: async () => 1,
      range: async () => ({ start: 0, end: 0 }),
      read: () => ({
        seek: () => undefined,
        pull: () => Promise.reject(refused),
        close: async () => undefined,
      }),
    } as unknown as EventLog;
    const [stop, told]: [AbortController, unknown[]] = [new AbortController(), []];
    const index = indexOver(log, stop, told);
    await index.start();
    await expect.poll(() => told).toEqual([refused]);
    stop.abort();
  });
});
