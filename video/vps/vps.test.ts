import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent } from '../../schemas/types.js';
import { jobOutput, videoTopics } from '../jobs/topics.js';
import { Driver, NOW } from '../vms/driver.fixture.js';
import { FakeTranscoder, held, Journal, jobOf, writeEncoded } from './driver.fixture.js';
import { createVps, type Vps, type VpsOptions } from './vps.js';

describe('video processing', () => {
  let driver: Driver;
  let transcoder: FakeTranscoder;
  let running: Vps[];
  let journal: Journal;
  let ids = 0;
  /** Monotonic, ms; stands still. */
  let now = 0;
  beforeEach(async () => {
    driver = await Driver.open(2);
    transcoder = new FakeTranscoder();
    running = [];
    journal = new Journal();
  });
  afterEach(async () => {
    for (const vps of running) await vps.stop();
    await driver[Symbol.asyncDispose]();
  });

  const start = async (log: EventLog = driver.log, more: Partial<VpsOptions> = {}): Promise<Vps> => {
    const vps = createVps({
      ...{ log, codec: driver.codec, registry: new Registry(), folders: driver.folders, transcoder },
      ...{ codecs: ['h264'], encoders: 1, sweepAfter: 60_000, clock: () => NOW },
      monotonic: () => now,
      newId: () => `attempt-${++ids}`,
      pause,
      lines: journal,
      freeBytes: async () => 1e12,
      ...more,
    });
    running.push(vps);
    await vps.start();
    return vps;
  };
  /** Adds a job to one of the two partitions. */
  const add = async (video: string, partition: number): Promise<void> => {
    writeFileSync(driver.folders.upload(`${video}.u`), 'film');
    await driver.log.append({ ...jobOutput(driver.codec, jobOf(video), 1), partition });
  };
  const ends = async (): Promise<string[]> => {
    const all: VideoEvent[] = [];
    for (const partition of [0, 1])
      all.push(...((await driver.records(videoTopics.events, partition)) as VideoEvent[]));
    return all
      .filter(({ kind }) => kind !== 'progress')
      .map(({ kind, video }) => `${video} ${kind}`)
      .sort();
  };
  const metrics = async (vps: Vps): Promise<string> => (await vps.app.request('/metrics')).text();

  test('turns jobs into published videos and events, and counts both', async () => {
    const vps = await start();
    await add('a', 0);
    await expect.poll(ends).toEqual(['a processed']);
    expect(existsSync(driver.folders.video('a'))).toBe(true);
    transcoder.probed = new TranscodeError('DiskFull', 'the disk is full');
    await add('b', 1);
    await expect
      .poll(() => journal.warnings)
      .toEqual([
        'job waits, as none can be done here now',
        'video-jobs/1: the disk is full; trying again in 1 s',
      ]);
    await expect.poll(() => metrics(vps)).toContain('video_jobs_waiting 1\n');
    expect(await metrics(vps)).toContain('video_jobs_total{service="vps",result="processed"} 1\n');
    expect(await metrics(vps)).toContain(
      'video_encode_duration_seconds_count{service="vps",result="processed"} 1\n',
    );
  });

  test('encodes so many at a time as it has encoders', async () => {
    const first = held();
    transcoder.work = first.work;
    const vps = await start();
    await add('a', 0);
    await first.begun;
    transcoder.work = writeEncoded;
    await add('b', 1);
    await expect.poll(() => metrics(vps)).toContain('video_jobs_waiting 2\n');
    expect(await metrics(vps)).toContain('video_jobs_running 1\n');
    expect(transcoder.encodes).toHaveLength(1);
    first.go();
    await expect.poll(ends).toEqual(['a processed', 'b processed']);
  });

  test('counts the time of a job from its turn on: waiting in line is no encoding', async () => {
    const first = held();
    transcoder.work = first.work;
    const vps = await start();
    await add('a', 0);
    await first.begun;
    transcoder.work = writeEncoded;
    await add('b', 1);
    await expect.poll(() => metrics(vps)).toContain('video_jobs_waiting 2\n');
    now += 60_000;
    first.go();
    await expect.poll(ends).toEqual(['a processed', 'b processed']);
    expect(await metrics(vps)).toContain(
      'video_encode_duration_seconds_sum{service="vps",result="processed"} 60\n',
    );
  });

  test('does again, after a stop, what was under way', async () => {
    const first = held();
    transcoder.work = first.work;
    const vps = await start();
    await add('a', 0);
    await first.begun;
    await vps.stop();
    expect([await ends(), readdirSync(driver.folders.work)]).toEqual([[], []]);
    expect(journal.messages).toEqual(['job started', 'job handed back']);
    transcoder.work = writeEncoded;
    await start();
    await expect.poll(ends).toEqual(['a processed']);
  });

  test('shows all other metrics while the log is down', async () => {
    const down: EventLog = { ...driver.log, range: () => Promise.reject(new Error('down')) };
    const vps = await start(down);
    await add('a', 0);
    await expect.poll(ends).toEqual(['a processed']);
    const text = await metrics(vps);
    expect(text).toContain('video_jobs_total{service="vps",result="processed"} 1\n');
    expect(text).not.toMatch(/^video_jobs_waiting/m);
  });

  test('removes encodes that nobody has touched for long', async () => {
    for (const [name, age] of [
      ['old', 60_001],
      ['new', 1_000],
    ] as const) {
      const folder = join(driver.folders.work, name);
      mkdirSync(folder);
      writeFileSync(join(folder, 'seg.m4s'), 'x');
      for (const path of [join(folder, 'seg.m4s'), folder])
        utimesSync(path, (NOW - age) / 1000, (NOW - age) / 1000);
    }
    await start();
    await expect.poll(() => readdirSync(driver.folders.work)).toEqual(['new']);
  });

  test('leaves its own encodes alone, however long they write nothing', async () => {
    const first = held();
    transcoder.work = first.work;
    await start(driver.log, { sweepAfter: 1, clock: () => Date.now() + 3_600_000 });
    await add('a', 0);
    await first.begun;
    const stale = join(driver.folders.work, 'stale');
    mkdirSync(stale);
    // Renamed before it is removed, it lies there under another name for a moment.
    await expect
      .poll(() => readdirSync(driver.folders.work))
      .toEqual([expect.stringMatching(/^a\.u\.1\.attempt-\d+$/)]);
    first.go();
    await expect.poll(ends).toEqual(['a processed']);
    expect(journal.warnings).toEqual([]);
  });

  test('is ready once it takes jobs', async () => {
    const vps = await start();
    expect([(await vps.app.request('/readyz')).status, (await vps.app.request('/healthz')).status]).toEqual([
      200, 200,
    ]);
  });
});
