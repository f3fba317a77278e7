import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, Driver, NOW, video } from './driver.fixture.js';
import type { Video } from './records.js';
import { sweep } from './sweeper.js';

const STALE = NOW - 60_001;
const FRESH = NOW - 60_000;

describe('the sweeper', () => {
  let driver: Driver;
  beforeEach(async () => {
    driver = await Driver.open();
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const run = async (now = NOW): Promise<string[]> => {
    const { directory, folders, lines } = driver;
    const removed = await sweep({
      ...{ directory, folders, lines },
      clock: () => now,
      sweepAfter: 60_000,
      giveUpAfter: DAY,
      abandonAfter: 2 * DAY,
      keepFailed: DAY,
    });
    return removed.map((path) => relative(folders.root, path)).sort();
  };
  const file = (path: string, changedAt: number): void => {
    writeFileSync(path, 'x');
    utimesSync(path, changedAt / 1000, changedAt / 1000);
  };
  /** A published folder, whose only file was changed then. */
  const published = (id: string, changedAt: number): void => {
    const folder = driver.folders.video(id);
    mkdirSync(folder);
    file(join(folder, 'video.mpd'), changedAt);
    utimesSync(folder, STALE / 1000, STALE / 1000);
  };
  const add = (...videos: readonly Partial<Video>[]): Promise<unknown> =>
    Promise.all(videos.map((more) => driver.directory.addVideo(video({ name: `${more.id}`, ...more }))));

  test('removes uploads that broke off, once they are stale', async () => {
    file(join(driver.folders.incoming, 'old'), STALE);
    file(join(driver.folders.incoming, 'new'), FRESH);
    expect(await run()).toEqual(['incoming/old']);
    expect(readdirSync(driver.folders.incoming)).toEqual(['new']);
  });

  test('removes stale uploads that no video waits for', async () => {
    await add({ id: 'waiting' }, { id: 'done', state: 'available' }, { id: 'bad', state: 'notAvailable' });
    for (const job of ['waiting.up', 'waiting.other', 'done.up', 'bad.up', 'unknown.up', 'strange'])
      file(driver.folders.upload(job), STALE);
    file(driver.folders.upload('fresh.up'), FRESH);
    expect(await run()).toEqual(
      ['bad.up', 'done.up', 'strange', 'unknown.up', 'waiting.other'].map((job) => `uploads/${job}.mp4`),
    );
    expect(readdirSync(driver.folders.uploads)).toEqual(['fresh.up.mp4', 'waiting.up.mp4']);
  });

  test('removes stale published folders that no video stands for', async () => {
    await add({ id: 'waiting' }, { id: 'done', state: 'available' }, { id: 'bad', state: 'notAvailable' });
    for (const id of ['waiting', 'done', 'bad', 'unknown']) published(id, STALE);
    published('fresh', FRESH);
    expect(await run()).toEqual(['published/bad', 'published/unknown']);
    expect(readdirSync(driver.folders.published)).toEqual(['done', 'fresh', 'waiting']);
  });

  test('gives up videos that nobody processed, and only those', async () => {
    const late = NOW - DAY - 1;
    await add(
      { id: 'late', uploadedAt: late },
      { id: 'just', uploadedAt: NOW - DAY },
      { id: 'done', uploadedAt: late, state: 'available' },
      { id: 'never', uploadedAt: null, upload: null, state: 'waitingUpload' },
    );
    expect(await run()).toEqual([]);
    const states = (await driver.directory.videos({ after: '', limit: 9 })).items.map(
      ({ id, state, reason }) => [id, state, reason],
    );
    expect(states.sort()).toEqual([
      ['done', 'available', null],
      ['just', 'uploaded', null],
      ['late', 'notAvailable', 'nobody processed it in time'],
      ['never', 'waitingUpload', null],
    ]);
  });

  test('removes videos whose file never came, and frees their names', async () => {
    const waiting = { state: 'waitingUpload', upload: null, uploadedAt: null } as const;
    const created = (ago: number): string => new Date(NOW - ago).toISOString();
    await add(
      { ...waiting, id: 'late', createdAt: created(2 * DAY + 1) },
      { ...waiting, id: 'just', createdAt: created(2 * DAY) },
      { id: 'processed', createdAt: created(9 * DAY) },
    );
    await run();
    const left = await driver.directory.videos({ after: '', limit: 9 });
    expect(left.items.map(({ id }) => id)).toEqual(['just', 'processed']);
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 2, bytes: 0 });
    expect(await driver.directory.addVideo(video({ id: 'next', name: 'late' }))).toBe(true);
    expect(driver.told).toEqual([
      expect.objectContaining({ audit: true, action: 'abandoned', user: 'u', video: 'late' }),
    ]);
  });

  test('keeps the upload of a video that failed for a time, in which it counts as stored', async () => {
    const failed = { state: 'notAvailable', bytes: 7 } as const;
    await add({ ...failed, id: 'old', endedAt: NOW - DAY - 1 }, { ...failed, id: 'new', endedAt: NOW - DAY });
    for (const job of ['old.up', 'new.up', 'new.earlier']) file(driver.folders.upload(job), STALE);
    expect(await run()).toEqual(['uploads/new.earlier.mp4', 'uploads/old.up.mp4']);
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 2, bytes: 7 });
    expect(await run(NOW + 1)).toEqual(['uploads/new.up.mp4']);
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 2, bytes: 0 });
  });

  test('finds nothing to do a second time, nor where there are no folders', async () => {
    file(join(driver.folders.incoming, 'old'), STALE);
    await run();
    expect(await run()).toEqual([]);
  });
});
