import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { type EventLog, LogError, type Output } from '../../platform/log/event-log.js';
import type { VideoJob } from '../../schemas/types.js';
import { Driver } from '../vms/driver.fixture.js';
import { type ConsumeOptions, type Consumer, consume } from './consume.js';
import { eventOutput, jobOutput, videoTopics } from './topics.js';

const job = (video: string): VideoJob => ({
  ...{
    kind: 'process',
    id: `${video}.u`,
    video,
    upload: 'u',
    createdAt: 1,
    requestId: null,
    traceparent: null,
  },
});

describe('a consumer', () => {
  let driver: Driver;
  let consumers: Consumer[];
  /** What was handled, in order. */
  let handled: string[];
  beforeEach(async () => {
    driver = await Driver.open();
    consumers = [];
    handled = [];
  });
  afterEach(async () => {
    for (const consumer of consumers) await consumer.stop();
    await driver[Symbol.asyncDispose]();
  });

  const start = async (options: Partial<ConsumeOptions<'VideoJob'>> = {}): Promise<Consumer> => {
    const consumer = await consume({
      ...{ log: driver.log, codec: driver.codec, group: 'g', topic: videoTopics.jobs, type: 'VideoJob' },
      handle: async ({ video }) => {
        handled.push(video);
        return [];
      },
      pause: (_, signal) => pause(1, signal),
      warn: (message) => driver.said.push(message),
      ...options,
    });
    consumers.push(consumer);
    return consumer;
  };
  const add = (...videos: readonly string[]): Promise<unknown> =>
    Promise.all(videos.map((video) => driver.log.append(jobOutput(driver.codec, job(video), 1))));
  const addRaw = (value: Uint8Array): Promise<number> =>
    driver.log.append({ topic: videoTopics.jobs, partition: 0, records: [{ key: Buffer.from('k'), value }] });

  const done = (video: string): Output =>
    eventOutput(
      driver.codec,
      {
        ...{ kind: 'processed', job: `${video}.u`, video, upload: 'u', at: 1, progress: 1, reason: null },
        requestId: null,
        traceparent: null,
      },
      1,
    );

  test('commits each record together with what came of it, and goes on behind it after a restart', async () => {
    await add('a', 'b');
    const consumer = await start({ handle: async ({ video }) => [done(video)] });
    await expect
      .poll(() => driver.records(videoTopics.events))
      .toMatchObject([{ video: 'a' }, { video: 'b' }]);
    await expect.poll(() => consumer.lag()).toBe(0);
    await consumer.stop();
    await add('c');
    await start();
    await expect.poll(() => handled).toEqual(['c']);
  });

  test('commits a record before it takes the next', async () => {
    await add('a', 'b');
    const seen: number[] = [];
    await start({
      handle: async ({ video }) => {
        seen.push((await driver.records(videoTopics.events)).length);
        return [done(video)];
      },
    });
    await expect.poll(() => seen).toEqual([0, 1]);
  });

  const poison: [string, () => Uint8Array, string][] = [
    ['no frame', () => Buffer.from('hello'), 'the value is not framed'],
    ['nothing', () => new Uint8Array(), 'the value is not framed'],
    ['an unknown schema', () => Buffer.from([0, 0, 0, 99, 99, 1]), 'schema id 25443 is not known'],
    ['a cut off record', () => driver.codec.encode('VideoJob', job('x')).subarray(0, 9), 'decoding VideoJob'],
    [
      'a record of another type',
      () => driver.codec.encode('RulesRevision', { revision: 'r', file: 'f', text: 't' }),
      'a RulesRevision does not belong into this topic',
    ],
  ];
  test.each(poison)(
    'makes %s a dead letter that says where it was, and goes on',
    async (_, bytes, detail) => {
      await add('a');
      const value = bytes();
      await addRaw(value);
      await add('b');
      await start();
      await expect.poll(() => handled).toEqual(['a', 'b']);
      expect(await driver.records(videoTopics.deadLetter)).toEqual([
        {
          ...{ reason: 'bad', topic: videoTopics.jobs, partition: 0, offset: 1, records: 1, windows: [] },
          ...{ detail: expect.stringContaining(detail), key: Buffer.from('k'), value: Buffer.from(value) },
        },
      ]);
      expect(driver.said).toEqual([]);
    },
  );

  test('tries a record again whose handler rejects, before any other, and says so', async () => {
    await add('a', 'b');
    const pauses: number[] = [];
    await start({
      handle: async ({ video }) => {
        handled.push(video);
        if (handled.length < 4) throw new Error('the disk is full');
        return [];
      },
      pause: async (ms) => void pauses.push(ms),
    });
    await expect.poll(() => handled).toEqual(['a', 'a', 'a', 'a', 'b']);
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
    expect(driver.said[1]).toBe('video-jobs/0: the disk is full; trying again in 2 s');
  });

  test('puts aside what its handler gives up, with all that it takes to do it again', async () => {
    await add('a');
    await start({
      handle: async ({ video }, _lost, letter) => [done(video), letter('unprocessed', 'given up')],
    });
    await expect
      .poll(() => driver.records(videoTopics.deadLetter))
      .toEqual([
        {
          ...{ reason: 'unprocessed', detail: 'given up', topic: videoTopics.jobs, partition: 0, offset: 0 },
          ...{ records: 1, windows: [], key: Buffer.from('a') },
          value: Buffer.from(driver.codec.encode('VideoJob', job('a'))),
        },
      ]);
    expect(await driver.records(videoTopics.events)).toMatchObject([{ video: 'a' }]);
  });

  test('writes later what cannot be written now, without moving on or handling it again', async () => {
    await add('a', 'b');
    let refusals = 3;
    const positions: (number | undefined)[] = [];
    const log: EventLog = {
      ...driver.log,
      join: (group, topic, onAssigned) =>
        driver.log.join(group, topic, (owned) => {
          const commit = owned.commit.bind(owned);
          owned.commit = async (outputs, what) => {
            if (refusals-- <= 0) return commit(outputs, what);
            positions.push((await owned.committed())?.next);
            throw new LogError('Unavailable', 'the broker is gone');
          };
          onAssigned(owned);
        }),
    };
    await start({
      log,
      handle: async ({ video }, _lost, letter) => {
        handled.push(video);
        return [letter('unprocessed', video)];
      },
    });
    await expect
      .poll(() => driver.records(videoTopics.deadLetter))
      .toMatchObject([{ detail: 'a' }, { detail: 'b' }]);
    expect([handled, positions]).toEqual([
      ['a', 'b'],
      [undefined, undefined, undefined],
    ]);
    expect(driver.said[2]).toBe('video-jobs/0: the broker is gone; trying again in 4 s');
  });

  test('aborts what is under way when it is stopped, and the next one gets the record again', async () => {
    await add('a');
    const aborted: string[] = [];
    const first = await start({
      handle: ({ video }, lost) =>
        new Promise((_, reject) => {
          handled.push(video);
          lost.addEventListener('abort', () => {
            aborted.push(video);
            reject(new Error('aborted'));
          });
        }),
    });
    await expect.poll(() => handled).toEqual(['a']);
    await first.stop();
    expect([aborted, driver.said]).toEqual([['a'], []]);
    await start();
    await expect.poll(() => handled).toEqual(['a', 'a']);
  });

  test('writes nothing of a handler that ends after the stop', async () => {
    await add('a');
    let end: () => void = () => undefined;
    const first = await start({
      handle: ({ video }) =>
        new Promise((resolve) => {
          handled.push(video);
          end = () => resolve([done(video)]);
        }),
    });
    await expect.poll(() => handled).toEqual(['a']);
    const stopped = first.stop();
    end();
    await stopped;
    expect(await driver.records(videoTopics.events)).toEqual([]);
    await start();
    await expect.poll(() => handled).toEqual(['a', 'a']);
  });

  test('counts the records that wait, the one under way included', async () => {
    let go: () => void = () => undefined;
    const consumer = await start({
      handle: ({ video }) =>
        new Promise((resolve) => {
          handled.push(video);
          go = () => resolve([]);
        }),
    });
    await add('a', 'b', 'c');
    await expect.poll(() => handled).toEqual(['a']);
    expect(await consumer.lag()).toBe(3);
    go();
    await expect.poll(() => handled).toEqual(['a', 'b']);
    expect(await consumer.lag()).toBe(2);
    const stopped = consumer.stop();
    go();
    await stopped;
    expect(await consumer.lag()).toBe(0);
  });
});
