import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import type { EventLog, Output } from '../../platform/log/event-log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import type { Store } from '../../platform/store/store.js';
import type { VideoJob } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { OutboxRelay, outboxEntry } from './outbox.js';

const codec = embeddedCodec();
const job = (i: number): VideoJob => ({
  kind: 'process',
  id: `v${i}.u`,
  video: `v${i}`,
  upload: 'u',
  createdAt: i,
  requestId: null,
  traceparent: null,
});

describe('the relay of the outbox', () => {
  let store: Store;
  let close: () => Promise<void>;
  let published: { readonly by: string; readonly id: string }[];
  const ends: AbortController[] = [];
  const runs: Promise<void>[] = [];

  beforeEach(() => {
    published = [];
    const folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    store = lmdbStore(environment);
    close = async () => {
      for (const end of ends.splice(0)) end.abort();
      await Promise.all(runs.splice(0));
      await environment.close();
      folder[Symbol.dispose]();
    };
  });
  afterEach(() => close());

  /** A replica, and what ends it. */
  function start(replica: string): { readonly relay: OutboxRelay; stop(): Promise<void> } {
    const log = {
      partitions: async () => 1,
      append: async ({ records }: Output) => {
        for (const { value } of records)
          published.push({ by: replica, id: (codec.decode(value as Buffer).value as VideoJob).id });
        return 0;
      },
    } as unknown as EventLog;
    const lines = { info: () => undefined, warn: () => undefined };
    const monotonic = (): number => performance.now();
    const relay = new OutboxRelay({ store, log, codec, replica, monotonic, pause, lines });
    const end = new AbortController();
    const run = relay.run(end.signal);
    ends.push(end);
    runs.push(run);
    const stop = async (): Promise<void> => {
      end.abort();
      await run;
    };
    return { relay, stop };
  }

  test('publishes each job once, in order of time, however many replicas run', async () => {
    for (const i of [3, 1, 2]) await store.transact([outboxEntry(job(i))]);
    const replicas = ['a', 'b', 'c'].map(start);
    await vi.waitUntil(() => published.length === 3, { timeout: 10_000 });
    await store.transact([outboxEntry(job(4))]);
    for (const { relay } of replicas) relay.wake();
    await vi.waitUntil(async () => (await store.list('outbox/')).length === 0, { timeout: 10_000 });
    expect(published.map(({ id }) => id)).toEqual([1, 2, 3, 4].map((i) => `v${i}.u`));
    expect(new Set(published.map(({ by }) => by)).size).toBe(1);
  });

  test('goes on in another replica as soon as one has stopped', async () => {
    const first = start('a');
    await vi.waitUntil(async () => (await store.get('lease/outbox'))?.value === 'a');
    start('b');
    await first.stop();
    await store.transact([outboxEntry(job(1))]);
    await vi.waitUntil(() => published.length > 0, { timeout: 10_000 });
    expect(published).toEqual([{ by: 'b', id: 'v1.u' }]);
  });
});
