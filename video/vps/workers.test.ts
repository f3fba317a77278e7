import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent } from '../../schemas/types.js';
import { jobOutput, videoTopics } from '../jobs/topics.js';
import { Driver, NOW } from '../vms/driver.fixture.js';
import { FakeTranscoder, held, Journal, jobOf, writeEncoded } from './driver.fixture.js';
import { createVps, type Vps, type VpsOptions } from './vps.js';

/** One of several that take jobs from the same log. */
interface Worker {
  readonly vps: Vps;
  readonly transcoder: FakeTranscoder;
  readonly journal: Journal;
}

describe('two workers', () => {
  let driver: Driver;
  let workers: Worker[];
  let ids = 0;
  beforeEach(async () => {
    driver = await Driver.open(4);
    workers = [];
  });
  afterEach(async () => {
    for (const { vps } of workers) await vps.stop();
    await driver[Symbol.asyncDispose]();
  });

  const start = async (wait: VpsOptions['pause'] = pause): Promise<Worker> => {
    const transcoder = new FakeTranscoder();
    const journal = new Journal();
    const vps = createVps({
      ...{
        log: driver.log,
        codec: driver.codec,
        folders: driver.folders,
        transcoder,
        lines: journal,
        pause: wait,
      },
      ...{ registry: new Registry(), codecs: ['h264'], encoders: 1, sweepAfter: 60_000, clock: () => NOW },
      monotonic: () => 0,
      newId: () => `attempt-${++ids}`,
      freeBytes: async () => 1e12,
    });
    const worker = { vps, transcoder, journal };
    workers.push(worker);
    await vps.start();
    return worker;
  };
  const add = async (video: string, partition: number): Promise<void> => {
    const job = jobOf(video, { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` });
    writeFileSync(driver.folders.upload(job.id), 'film');
    await driver.log.append({ ...jobOutput(driver.codec, job, 1), partition });
  };
  const events = async (): Promise<VideoEvent[]> => {
    const all: VideoEvent[] = [];
    for (const partition of [0, 1, 2, 3])
      all.push(...((await driver.records(videoTopics.events, partition)) as VideoEvent[]));
    return all;
  };
  const ends = async (): Promise<string[]> =>
    (await events())
      .filter(({ kind }) => kind !== 'progress')
      .map(({ kind, video }) => `${video} ${kind}`)
      .sort();
  /** The videos that a worker encoded. */
  const encoded = ({ transcoder }: Worker): string[] =>
    transcoder.encodes.map(({ input }) => input.replace(/^.*\/(\w+)\.u\.mp4$/, '$1'));

  test('share the jobs: each is done once, and both work at the same time', async () => {
    const [one, other] = [await start(), await start()];
    const [first, second] = [held(), held()];
    one.transcoder.work = first.work;
    other.transcoder.work = second.work;
    const videos = Array.from({ length: 12 }, (_, i) => `v${i}`);
    for (const [i, video] of videos.entries()) await add(video, i % 4);
    // Neither ends before the other has begun.
    await Promise.all([first.begun, second.begun]);
    for (const { transcoder } of workers) transcoder.work = writeEncoded;
    first.go();
    second.go();
    await expect.poll(ends).toEqual(videos.map((video) => `${video} processed`).sort());
    const [mine, theirs] = [encoded(one), encoded(other)];
    expect([...mine, ...theirs].sort()).toEqual([...videos].sort());
    expect([mine.length, theirs.length]).toEqual([6, 6]);
    expect([one.journal.warnings, other.journal.warnings]).toEqual([[], []]);
  });

  test('hand over: one that is stopped aborts its encode, the other does the job, and it is published once', async () => {
    const one = await start();
    const { work, begun } = held();
    let folder = '';
    one.transcoder.work = (options) => {
      folder = options.folder;
      return work(options);
    };
    await add('a', 0);
    await begun;
    const other = await start();
    // The new one has taken half of the partitions, and not the one that is worked on.
    expect([encoded(one), encoded(other), existsSync(folder)]).toEqual([['a'], [], true]);
    other.transcoder.work = (options) => {
      writeEncoded(options);
      writeFileSync(join(options.folder, 'who'), 'other');
    };
    await one.vps.stop();
    expect([existsSync(folder), one.transcoder.encodes[0]?.signal.aborted]).toEqual([false, true]);
    await expect.poll(ends).toEqual(['a processed']);
    expect([encoded(one), encoded(other)]).toEqual([['a'], ['a']]);
    expect(readFileSync(join(driver.folders.video('a'), 'who'), 'utf8')).toBe('other');
    expect([readdirSync(driver.folders.work), readdirSync(driver.folders.published)]).toEqual([[], ['a']]);
    const known = { component: 'vps', requestId: 'r', traceId: 'ab'.repeat(16), video: 'a', job: 'a.u' };
    expect(one.journal.all).toEqual([
      { level: 'info', message: 'job started', attempt: 1, ...known },
      { level: 'info', message: 'job handed back', reason: 'stopped', ...known },
    ]);
    expect(other.journal.messages).toEqual(['job started', 'job done']);
  });

  test('put a job aside that fails again and again: a dead letter, the reason, and the next one is done', async () => {
    const worker = await start((_, signal) => pause(1, signal));
    const stalled = new TranscodeError('Stalled', 'encoding got no further for 60 s');
    const { transcoder } = worker;
    transcoder.work = (options) => {
      if (options.input.includes('bad')) throw stalled;
      writeEncoded(options);
    };
    await add('bad', 0);
    await add('good', 0);
    await expect.poll(ends).toEqual(['bad processingFailed', 'good processed']);
    expect((await events()).find(({ kind }) => kind === 'processingFailed')?.reason).toBe(stalled.message);
    expect(await driver.records(videoTopics.deadLetter)).toMatchObject([
      { reason: 'unprocessed', detail: `given up after 4 attempts: ${stalled.message}`, offset: 0 },
    ]);
    expect(encoded(worker)).toEqual(['bad', 'bad', 'bad', 'bad', 'good']);
  });
});
