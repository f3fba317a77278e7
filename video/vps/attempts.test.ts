import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TranscodeError } from '../../platform/transcoder/transcoder.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { type AttemptsOptions, type Outcome, processWithAttempts } from './attempts.js';
import { FakeTranscoder, Journal, jobOf, writeEncoded } from './driver.fixture.js';
import { usualLimits } from './limits.js';
import { Slots } from './slots.js';

const job = jobOf('v');
const never = new AbortController().signal;

describe('a job', () => {
  let root: ReturnType<typeof temporaryFolder>;
  let folders: Folders;
  let transcoder: FakeTranscoder;
  let slots: Slots;
  let journal: Journal;
  /** Pauses, ms, and how many slots were taken in each. */
  let pauses: [number, number][];
  let ids = 0;
  beforeEach(() => {
    root = temporaryFolder();
    folders = new Folders(root.path);
    for (const folder of folders.all) mkdirSync(folder, { recursive: true });
    writeFileSync(folders.upload(job.id), 'film');
    transcoder = new FakeTranscoder();
    slots = new Slots(1);
    journal = new Journal();
    pauses = [];
  });
  afterEach(() => {
    expect([slots.taken, readdirSync(folders.work)]).toEqual([0, []]);
    root[Symbol.dispose]();
  });

  const run = (signal = never, more: Partial<AttemptsOptions> = {}): Promise<Outcome> =>
    processWithAttempts(job, signal, {
      ...{ folders, transcoder, slots, codecs: ['h264'], limits: usualLimits, lines: journal },
      clock: () => 7,
      monotonic: () => 0,
      newId: () => `attempt-${++ids}`,
      freeBytes: async () => 1e12,
      attempts: new Set(),
      onStart: () => undefined,
      onProgress: () => undefined,
      pause: async (ms) => void pauses.push([ms, slots.taken]),
      ...more,
    });
  /** Fails so often, then works. */
  const failing = (times: number, error: Error): void => {
    transcoder.work = (options) => {
      if (transcoder.encodes.length <= times) throw error;
      writeEncoded(options);
    };
  };
  const stalled = new TranscodeError('Stalled', 'encoding got no further for 60 s');

  test.each([1, 2, 3])('that fails %i times for what may pass is done after all', async (times) => {
    failing(times, stalled);
    expect(await run()).toMatchObject({ event: { kind: 'processed' }, givenUp: null });
    expect(pauses).toEqual(
      [
        [5_000, 0],
        [30_000, 0],
        [120_000, 0],
      ].slice(0, times),
    );
    expect(journal.all[1]).toEqual({
      ...{ level: 'warn', message: 'job failed, and is tried again' },
      ...{ attempt: 1, pauseMs: 5_000, reason: stalled.message },
    });
    expect(journal.all.at(-2)).toMatchObject({ message: 'job started', attempt: times + 1 });
  });

  test.each<[string, Error]>([
    ['stalls', stalled],
    ['is killed', new TranscodeError('Killed', 'ffmpeg was ended by SIGKILL')],
    ['fails in a way that nobody knows', new Error('odd, in /srv/videos')],
  ])('that %s four times is given up, with the reason', async (_, error) => {
    failing(9, error);
    const told = error instanceof TranscodeError ? error.message : 'processing failed for a reason of ours';
    expect(await run()).toEqual({
      event: {
        ...{ kind: 'processingFailed', job: 'v.u', video: 'v', upload: 'u', at: 7, progress: 0 },
        ...{ reason: told, requestId: 'r', traceparent: null },
      },
      givenUp: `given up after 4 attempts: ${error.message}`,
    });
    expect([transcoder.encodes.length, pauses.length]).toEqual([4, 3]);
    expect(journal.all.at(-1)).toMatchObject({ message: 'job given up', attempts: 4, reason: error.message });
  });

  test('that fails for the video is not tried again, and no dead letter', async () => {
    failing(9, new TranscodeError('Failed', 'encoding failed: damaged'));
    expect(await run()).toMatchObject({
      event: { kind: 'processingFailed', reason: 'encoding failed: damaged' },
      givenUp: null,
    });
    expect([transcoder.encodes.length, pauses]).toEqual([1, []]);
    expect(journal.all.at(-1)).toEqual({
      ...{ level: 'warn', message: 'job failed', ms: 0, reason: 'encoding failed: damaged' },
    });
  });

  test.each<[string, Error]>([
    ['a full disk', new TranscodeError('DiskFull', 'the disk is full')],
    ['no ffmpeg', new TranscodeError('Missing', 'ffmpeg is gone')],
    ['a folder that does not answer', Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'stat' })],
  ])('counts no attempt for %s: whoever gave it is to come again', async (_, error) => {
    failing(9, error);
    await expect(run()).rejects.toBe(error);
    expect([transcoder.encodes.length, pauses]).toEqual([1, []]);
    expect(journal.warnings).toEqual(['job waits, as none can be done here now']);
  });

  test('goes on counting where a crash left off', async () => {
    mkdirSync(`${folders.work}/v.u.2.crashed`);
    failing(9, stalled);
    expect(await run()).toMatchObject({ givenUp: `given up after 4 attempts: ${stalled.message}` });
    expect([transcoder.encodes.length, pauses]).toEqual([2, [[120_000, 0]]]);
  });

  test('is handed back at once when it is aborted while it waits for its next attempt', async () => {
    failing(9, stalled);
    const controller = new AbortController();
    const pause = async (): Promise<void> => controller.abort(new Error('lost'));
    await expect(run(controller.signal, { pause })).rejects.toThrow('lost');
    expect(transcoder.encodes).toHaveLength(1);
    expect(journal.messages.at(-1)).toBe('job handed back');
  });
});
