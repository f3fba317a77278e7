import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { VideoJob } from '../../schemas/types.js';
import { videoTopics } from '../jobs/topics.js';
import { Driver, NOW } from './driver.fixture.js';
import { OutboxRelay, outboxEntry } from './outbox.js';

const job = (video: string, createdAt = NOW): VideoJob => ({
  ...{ kind: 'process', id: `${video}.u`, video, upload: 'u', createdAt, requestId: 'r', traceparent: null },
});

describe('the outbox', () => {
  let driver: Driver;
  let ended: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    driver = await Driver.open();
    ended = new AbortController();
    running = Promise.resolve();
  });
  afterEach(async () => {
    ended.abort();
    await running;
    await driver[Symbol.asyncDispose]();
  });

  /** A relay that is running; between two looks it pauses for `ms`. */
  const start = (log: EventLog = driver.log, ms = 1): OutboxRelay => {
    const { store, codec, lines } = driver;
    const relay = new OutboxRelay({
      ...{ store, log, codec, lines },
      ...{ replica: 'one', monotonic: () => performance.now() },
      pause: (_, signal) => pause(ms, signal),
    });
    running = relay.run(ended.signal);
    return relay;
  };
  const add = (...jobs: readonly VideoJob[]): Promise<boolean> =>
    driver.store.transact(jobs.map(outboxEntry));
  const published = async (): Promise<string[]> =>
    ((await driver.records(videoTopics.jobs)) as VideoJob[]).map(({ video }) => video);
  const left = async (): Promise<number> => (await driver.store.list('outbox/')).length;

  test('is published in order of time, and emptied', async () => {
    await add(job('c', NOW + 2), job('a', 999), job('b', NOW));
    start();
    await expect.poll(left).toBe(0);
    expect(await published()).toEqual(['a', 'b', 'c']);
    expect((await driver.records(videoTopics.jobs))[1]).toEqual(job('b'));
  });

  test('is published as a whole, however much there is', async () => {
    const jobs = Array.from({ length: 130 }, (_, i) => job(`v${i}`, NOW + i));
    await add(...jobs);
    start();
    await expect.poll(left).toBe(0);
    expect(await published()).toEqual(jobs.map(({ video }) => video));
  });

  test('is looked at as soon as somebody says that there is something new', async () => {
    const relay = start(driver.log, 3_600_000);
    for (const video of ['a', 'b']) {
      await add(job(video));
      relay.wake();
      await expect.poll(published).toContain(video);
    }
  });

  test('keeps all, in order, while the log takes nothing', async () => {
    let failures = 3;
    const flaky: EventLog = {
      ...driver.log,
      append: (output) => (failures-- > 0 ? Promise.reject(new Error('no room')) : driver.log.append(output)),
    };
    await add(job('a'), job('b', NOW + 1));
    start(flaky);
    await expect.poll(left).toBe(0);
    expect(await published()).toEqual(['a', 'b']);
    expect(driver.said).toEqual(Array.from({ length: 3 }, () => 'publishing jobs: no room; trying again'));
  });

  test('publishes a job again that it could not delete, and loses none', async () => {
    await add(job('a'), job('b', NOW + 1));
    const { store } = driver;
    let failures = 1;
    const flaky = {
      ...store,
      transact: (writes: Parameters<typeof store.transact>[0]) =>
        writes.some((one) => 'delete' in one && one.key.startsWith('outbox/')) && failures-- > 0
          ? Promise.reject(new Error('stopped'))
          : store.transact(writes),
    };
    const { log, codec, lines } = driver;
    const options = {
      ...{ store: flaky, log, codec, lines, replica: 'one' },
      monotonic: () => performance.now(),
      pause: (_: number, signal: AbortSignal) => pause(1, signal),
    };
    running = new OutboxRelay(options).run(ended.signal);
    await expect.poll(left).toBe(0);
    expect(await published()).toEqual(['a', 'a', 'b']);
  });

  test('waits for a topic that is not there yet', async () => {
    let missing = true;
    const late: EventLog = {
      ...driver.log,
      partitions: (topic) => driver.log.partitions(missing ? 'nothing' : topic),
    };
    await add(job('a'));
    start(late);
    await expect.poll(() => driver.said.length).toBeGreaterThan(0);
    missing = false;
    await expect.poll(published).toEqual(['a']);
  });
});
