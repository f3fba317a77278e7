import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Probe, TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { VideoEvent } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { FakeTranscoder, good, held, Journal, jobOf, writeEncoded } from './driver.fixture.js';
import { usualLimits } from './limits.js';
import { Slots } from './slots.js';
import { processJob } from './worker.js';

const job = jobOf('v');
const never = new AbortController().signal;
describe('a worker', () => {
  let root: ReturnType<typeof temporaryFolder>;
  let folders: Folders;
  let transcoder: FakeTranscoder;
  let slots: Slots;
  let told: VideoEvent[];
  let journal: Journal;
  /** What is left on the disk, bytes. */
  let free: number;
  let ids = 0;
  beforeEach(() => {
    root = temporaryFolder();
    folders = new Folders(root.path);
    for (const folder of folders.all) mkdirSync(folder, { recursive: true });
    writeFileSync(folders.upload(job.id), 'film');
    transcoder = new FakeTranscoder();
    slots = new Slots(2);
    told = [];
    journal = new Journal();
    free = 1e12;
  });
  afterEach(() => {
    expect(slots.taken).toBe(0);
    root[Symbol.dispose]();
  });

  const run = (signal = never, one = job, tries = { failed: 0 }): Promise<VideoEvent> =>
    processJob(one, signal, {
      monotonic: () => 7,
      freeBytes: async () => free,
      lines: journal,
      tries,
      ...{ folders, transcoder, slots, codecs: ['h264'], limits: usualLimits },
      clock: () => 7,
      newId: () => `attempt-${++ids}`,
      attempts: new Set(),
      onStart: () => undefined,
      onProgress: (event) => told.push(event),
    });
  const inWork = (): string[] => readdirSync(folders.work);

  test('encodes aside, publishes by renaming, and says so', async () => {
    const places: boolean[] = [];
    transcoder.work = (options) => {
      places.push(options.folder.startsWith(join(folders.work, 'v.u.')), existsSync(folders.video('v')));
      writeEncoded(options);
    };
    expect(await run()).toEqual({
      ...{ kind: 'processed', job: 'v.u', video: 'v', upload: 'u', at: 7, progress: 1, reason: null },
      requestId: 'r',
      traceparent: null,
    });
    expect(places).toEqual([true, false]);
    expect(journal.all).toEqual([
      { level: 'info', message: 'job started', attempt: 1 },
      { level: 'info', message: 'job done', ms: 0, renditions: 'h264 320x180, h264 640x360' },
    ]);
    expect(transcoder.encodes[0]?.renditions.map(({ width }) => width)).toEqual([320, 640]);
    expect(readdirSync(folders.video('v'))).toHaveLength(11);
    expect([inWork(), existsSync(folders.upload(job.id))]).toEqual([[], true]);
  });

  test('tells that it begins, then progress in steps of a twentieth, not more often', async () => {
    await run();
    expect(told[0]).toMatchObject({ kind: 'progress', progress: 0 });
    const shares = told.map(({ kind, progress }) => (kind === 'progress' ? progress : Number.NaN));
    expect(shares.length).toBeGreaterThan(10);
    expect(shares.length).toBeLessThanOrEqual(21);
    for (const [i, share] of shares.slice(1).entries())
      expect(share - (shares[i] ?? 0)).toBeGreaterThan(0.049);
  });

  test('says of the same job again that it is processed, without encoding', async () => {
    await run();
    rmSync(folders.upload(job.id));
    expect((await run()).kind).toBe('processed');
    expect(transcoder.encodes).toHaveLength(1);
  });

  test('says the same where another published while it waited for a slot', async () => {
    const release = await Promise.all([slots.take(never), slots.take(never)]);
    const waiting = run();
    mkdirSync(folders.video('v'));
    rmSync(folders.upload(job.id));
    for (const one of release) one();
    expect((await waiting).kind).toBe('processed');
    expect(transcoder.encodes).toHaveLength(0);
  });

  test('removes what earlier attempts at this job left, and nothing else', async () => {
    for (const name of ['v.u.old', 'v.u.older.gone', 'v.uu.other', 'v2.u.other']) {
      mkdirSync(join(folders.work, name));
      writeFileSync(join(folders.work, name, 'seg.m4s'), 'x');
    }
    await run();
    expect(inWork()).toEqual(['v.uu.other', 'v2.u.other']);
  });

  test('gives up a job whose upload is gone', async () => {
    rmSync(folders.upload(job.id));
    expect(await run()).toMatchObject({
      kind: 'processingFailed',
      reason: 'the uploaded file is gone',
      progress: 0,
    });
  });

  test('publishes nothing of a job whose upload was taken away while it was encoded', async () => {
    transcoder.work = (options) => {
      writeEncoded(options);
      rmSync(folders.upload(job.id));
    };
    expect(await run()).toMatchObject({ kind: 'processingFailed', reason: 'the uploaded file is gone' });
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test.each([
    ['../v', '../v.u'],
    ['v', '../../v.u'],
    ['v/w', 'v/w.u'],
    ['..', '...u'],
    ['', '.u'],
    ['v\0', 'v.u'],
  ])('touches no file for a video %j of a job %j', async (video, id) => {
    const before = readdirSync(root.path, { recursive: true });
    const reason = 'the ids of the job are no names of files';
    expect(await run(never, { ...job, id, video })).toMatchObject({ kind: 'processingFailed', reason });
    expect(readdirSync(root.path, { recursive: true })).toEqual(before);
  });

  test('publishes a video without pictures where these cannot be made, and says why', async () => {
    transcoder.paint = ({ folder, file }) => {
      writeFileSync(join(folder, file), 'half of a pic');
      if (file === 'thumbnails.jpg') throw new TranscodeError('Failed', 'making a picture failed: odd');
    };
    expect((await run()).kind).toBe('processed');
    expect(readdirSync(folders.video('v')).filter((name) => /jpg|vtt/.test(name))).toEqual([]);
    expect(journal.all[1]).toMatchObject({
      message: 'the video has no pictures',
      reason: 'making a picture failed: odd',
    });
  });

  test('takes no half picture for one', async () => {
    transcoder.paint = ({ folder, file }) => writeFileSync(join(folder, file), Buffer.from('ffd800', 'hex'));
    expect((await run()).kind).toBe('processed');
    expect(journal.all[1]).toMatchObject({
      reason: 'encoding is incomplete: poster.jpg is no whole picture',
    });
  });

  test('rejects where it is aborted while it makes pictures', async () => {
    const controller = new AbortController();
    transcoder.paint = () => {
      controller.abort(new Error('lost'));
      throw new TranscodeError('Aborted', 'stopped');
    };
    await expect(run(controller.signal)).rejects.toThrow('lost');
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test('blames no video for a disk that does not answer', async () => {
    rmSync(folders.uploads, { recursive: true });
    // In place of the folder, a link that leads to itself.
    symlinkSync(folders.uploads, folders.uploads);
    await expect(run()).rejects.toMatchObject({ code: 'ELOOP' });
    expect(inWork()).toEqual([]);
  });

  test.each<[string, number, object | null]>([
    ['with as much room as it may take', 1_847_500 + 64 * 2 ** 20, null],
    [
      'with less',
      1_847_499 + 64 * 2 ** 20,
      { code: 'NoRoom', blame: 'attempt', message: 'there is no room for what it takes, 2 MB' },
    ],
    ['on a disk that is as good as full', 64 * 2 ** 20 - 1, { code: 'DiskFull', blame: 'place' }],
  ])('looks for room before it encodes: %s', async (_, bytes, error) => {
    free = bytes;
    if (error === null) expect((await run()).kind).toBe('processed');
    else await expect(run()).rejects.toMatchObject(error);
    expect(transcoder.encodes).toHaveLength(error === null ? 1 : 0);
    expect(inWork()).toEqual([]);
  });

  test('allows an encode twice of what its bit rates give, and what any has', async () => {
    await run();
    expect(transcoder.encodes[0]?.mostBytes).toBe(2 * 1_847_500 + 16 * 2 ** 20);
  });

  test('counts the attempts that were cut off, by what they left, and gives up after four', async () => {
    const left = async (...names: readonly string[]): Promise<number> => {
      for (const name of names) mkdirSync(join(folders.work, name));
      const tries = { failed: 1 };
      const event = await run(never, job, tries);
      const given = event.kind === 'processed' ? null : event.reason;
      expect(given).toBe(tries.failed < 4 ? null : 'processing was cut off 4 times');
      expect(inWork()).toEqual([]);
      rmSync(folders.video('v'), { recursive: true, force: true });
      return tries.failed;
    };
    expect(await left()).toBe(1);
    expect(await left('v.u.9abc-id', 'v.u.x')).toBe(1);
    expect(await left('v.u.2.x')).toBe(2);
    expect(await left('v.u.2.x', 'v.u.3.y.gone')).toBe(3);
    expect(transcoder.encodes.at(-1)?.folder).toMatch(/v\.u\.4\.attempt-\d+$/);
    expect(await left('v.u.4.x')).toBe(4);
    expect(transcoder.encodes).toHaveLength(4);
  });

  test.each<[string, Probe | Error, string]>([
    ['too long', { ...good, seconds: 20_000 }, 'the video is 20000 s long, at most 14400 s are taken'],
    ['no media', new TranscodeError('NotMedia', 'the file is no mp4'), 'the file is no mp4'],
    ['no video', new TranscodeError('NoVideo', 'the file holds no video'), 'the file holds no video'],
  ])('refuses, before it encodes, what is %s', async (_, probed, reason) => {
    transcoder.probed = probed;
    expect(await run()).toMatchObject({ kind: 'processingFailed', reason });
    expect([transcoder.encodes, inWork(), readdirSync(folders.published)]).toEqual([[], [], []]);
  });

  const failing: [string, FakeTranscoder['work'], string][] = [
    [
      'fails for good',
      ({ folder }) => {
        writeFileSync(join(folder, 'seg-0-1.m4s'), 'half');
        throw new TranscodeError('Failed', 'encoding failed: damaged');
      },
      'encoding failed: damaged',
    ],
    [
      'says that all is well while a segment is missing',
      (options) => {
        writeEncoded(options);
        rmSync(join(options.folder, 'seg-0-1.m4s'));
      },
      'encoding is incomplete: seg-0-1.m4s is missing or empty',
    ],
    ['writes nothing', () => undefined, 'encoding is incomplete: master.m3u8 is missing or empty'],
  ];
  test.each(failing)('gives the reason, and leaves nothing, where an encode %s', async (_, work, reason) => {
    transcoder.work = work;
    expect(await run()).toMatchObject({ kind: 'processingFailed', reason });
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test.each([new Error('the disk is full'), new TranscodeError('Missing', 'ffmpeg is gone')])(
    'rejects with what may pass, and leaves nothing: %s',
    async (error) => {
      transcoder.work = ({ folder }) => {
        writeFileSync(join(folder, 'seg-0-1.m4s'), 'half');
        throw error;
      };
      await expect(run()).rejects.toBe(error);
      expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
    },
  );

  test('rejects, and leaves nothing, when it is aborted while it encodes or waits', async () => {
    const { work, begun } = held();
    transcoder.work = work;
    slots = new Slots(1);
    const controller = new AbortController();
    const encoding = run(controller.signal);
    const waiting = run(controller.signal, { ...job, id: 'w.u', video: 'w' });
    await begun;
    const ends = Promise.allSettled([encoding, waiting]);
    controller.abort(new Error('lost'));
    expect(await ends).toMatchObject([{ reason: { code: 'Aborted' } }, { reason: { message: 'lost' } }]);
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test('publishes once where two finish the same job at the same time', async () => {
    let arrived = 0;
    let meet: () => void = () => undefined;
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    transcoder.work = async (options) => {
      writeEncoded(options);
      writeFileSync(join(options.folder, 'who'), options.folder);
      if (++arrived === 2) meet();
      await met;
    };
    const events = await Promise.all([run(), run()]);
    expect(events.map(({ kind }) => kind)).toEqual(['processed', 'processed']);
    expect(transcoder.encodes.map(({ folder }) => folder)).toContain(
      readFileSync(join(folders.video('v'), 'who'), 'utf8'),
    );
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], ['v']]);
  });

  test('blames nobody where another worker takes the job over in the middle', async () => {
    const { work, begun, go } = held();
    transcoder.work = work;
    const first = run();
    await begun;
    transcoder.work = ({ folder }) => {
      writeFileSync(join(folder, 'half'), 'x');
      throw new Error('the disk is full');
    };
    await expect(run()).rejects.toThrow('the disk is full');
    go();
    await expect(first).rejects.toThrow('another worker took the job over');
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test('says processed where another worker takes the job over and publishes', async () => {
    const { work, begun, go } = held();
    transcoder.work = work;
    const first = run();
    await begun;
    transcoder.work = writeEncoded;
    expect((await run()).kind).toBe('processed');
    go();
    expect((await first).kind).toBe('processed');
    expect([inWork(), readdirSync(folders.published)]).toEqual([[], ['v']]);
  });
});
