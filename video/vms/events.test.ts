import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VideoEvent } from '../../schemas/types.js';
import { Driver, NOW, video } from './driver.fixture.js';
import { applyEvent } from './events.js';
import type { Video } from './records.js';

const event = (kind: VideoEvent['kind'], more: Partial<VideoEvent> = {}): VideoEvent => ({
  ...{
    kind,
    job: 'v.up',
    video: 'v',
    upload: 'up',
    at: NOW,
    progress: 0,
    reason: null,
    requestId: 'r',
    traceparent: null,
  },
  ...more,
});

describe('an event of a job', () => {
  let driver: Driver;
  beforeEach(async () => {
    driver = await Driver.open();
    writeFileSync(driver.folders.upload('v.up'), 'film');
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  /** The video, and whether its upload is there, after the events. */
  const after = async (before: Video, ...events: readonly VideoEvent[]): Promise<[Video | null, boolean]> => {
    await driver.directory.addVideo(before);
    for (const one of events) await applyEvent(one, { ...driver, clock: () => NOW });
    return [await driver.directory.video('v'), existsSync(driver.folders.upload('v.up'))];
  };
  const available = video({ state: 'available', progress: 1, endedAt: NOW });
  const failed = video({ state: 'notAvailable', reason: 'no film', endedAt: NOW });
  const encoding = { since: NOW, from: 0.4, at: NOW, progress: 0.4 };
  const why = { reason: 'no film' };

  test.each<[string, Video, VideoEvent[], Video, boolean]>([
    ['processed', video({ progress: 0.5 }), [event('processed')], available, false],
    ['failed', video(), [event('processingFailed', why)], failed, true],
    [
      'failed for no reason',
      video(),
      [event('processingFailed')],
      { ...failed, reason: 'processing failed' },
      true,
    ],
    [
      'further on',
      video({ progress: 0.2 }),
      [event('progress', { progress: 0.4 })],
      video({ progress: 0.4, encoding }),
      true,
    ],
    [
      'less far',
      video({ progress: 0.4, encoding }),
      [event('progress', { progress: 0.2 })],
      video({ progress: 0.4, encoding }),
      true,
    ],
    [
      'begun',
      video(),
      [event('progress')],
      video({ encoding: { since: NOW, from: 0, at: NOW, progress: 0 } }),
      true,
    ],
    [
      'begun anew, at its own pace',
      video({ progress: 0.4, encoding }),
      [event('progress', { at: NOW + 5 }), event('progress', { at: NOW + 6, progress: 0.1 })],
      video({ progress: 0.4, encoding: { since: NOW + 5, from: 0, at: NOW + 6, progress: 0.1 } }),
      true,
    ],
    [
      'begun, told late',
      video({ progress: 0.4, encoding }),
      [event('progress', { at: NOW - 1 })],
      video({ progress: 0.4, encoding }),
      true,
    ],
    ['processed twice', video(), [event('processed'), event('processed')], available, false],
    [
      'failed behind processed',
      video(),
      [event('processed'), event('processingFailed', why)],
      available,
      false,
    ],
    ['processed behind failed', video(), [event('processingFailed', why), event('processed')], failed, true],
    [
      'progress behind processed',
      video(),
      [event('processed'), event('progress', { progress: 0.3 })],
      available,
      false,
    ],
    ['processed already, with the upload left by a crash', available, [event('processed')], available, false],
    ['of another upload', video(), [event('processed', { upload: 'other', job: 'v.other' })], video(), true],
    ['of another upload under this job', video(), [event('processed', { upload: 'other' })], video(), true],
    [
      'of another upload, behind',
      available,
      [event('processingFailed', { upload: 'other' })],
      available,
      true,
    ],
    ['of another video', video(), [event('processed', { video: 'w', job: 'w.up' })], video(), true],
    ['of nothing that is known', video(), [event('processingFailed', { video: 'gone' })], video(), true],
    [
      'before its upload',
      video({ state: 'waitingUpload', upload: null, uploadedAt: null }),
      [event('processed')],
      video({ state: 'waitingUpload', upload: null, uploadedAt: null }),
      true,
    ],
  ])('%s', async (_, before, events, expected, uploadLeft) => {
    expect(await after(before, ...events)).toEqual([expected, uploadLeft]);
  });

  test('is taken up once where it comes to two at once', async () => {
    await driver.directory.addVideo(video());
    await Promise.all(
      [event('processed'), event('processed')].map((one) => applyEvent(one, { ...driver, clock: () => NOW })),
    );
    expect(await driver.directory.video('v')).toEqual(available);
  });
});
