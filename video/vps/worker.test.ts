import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Probe, TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { Folders } from '../jobs/folders.js';
import { type FakeTranscoder, good, held, type Journal, writeEncoded } from './driver.fixture.js';
import { Slots } from './slots.js';
import { Desk, job, never } from './worker.fixture.js';

describe('a worker', () => {
  let desk: Desk;
  let folders: Folders;
  let transcoder: FakeTranscoder;
  let journal: Journal;
  beforeEach(() => {
    desk = new Desk();
    ({ folders, transcoder, journal } = desk);
  });
  afterEach(() => {
    expect(desk.slots.taken).toBe(0);
    desk[Symbol.dispose]();
  });

  test('encodes aside, publishes by renaming, and says so', async () => {
    const places: boolean[] = [];
    transcoder.work = (options) => {
      places.push(options.folder.startsWith(join(folders.work, 'v.u.')), existsSync(folders.video('v')));
      writeEncoded(options);
    };
    expect(await desk.run()).toEqual({
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
    expect([desk.inWork(), existsSync(folders.upload(job.id))]).toEqual([[], true]);
  });

  test('tells that it begins, then progress in steps of a twentieth, not more often', async () => {
    await desk.run();
    expect(desk.told[0]).toMatchObject({ kind: 'progress', progress: 0 });
    const shares = desk.told.map(({ kind, progress }) => (kind === 'progress' ? progress : Number.NaN));
    expect(shares.length).toBeGreaterThan(10);
    expect(shares.length).toBeLessThanOrEqual(21);
    for (const [i, share] of shares.slice(1).entries())
      expect(share - (shares[i] ?? 0)).toBeGreaterThan(0.049);
  });

  test('says of the same job again that it is processed, without encoding', async () => {
    await desk.run();
    rmSync(folders.upload(job.id));
    expect((await desk.run()).kind).toBe('processed');
    expect(transcoder.encodes).toHaveLength(1);
  });

  test('says the same where another published while it waited for a slot', async () => {
    const release = await Promise.all([desk.slots.take(never), desk.slots.take(never)]);
    const waiting = desk.run();
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
    await desk.run();
    expect(desk.inWork()).toEqual(['v.uu.other', 'v2.u.other']);
  });

  test('gives up a job whose upload is gone', async () => {
    rmSync(folders.upload(job.id));
    expect(await desk.run()).toMatchObject({
      kind: 'processingFailed',
      reason: 'the uploaded file is gone',
      progress: 0,
    });
  });

  test.each<[string, Probe | Error, string]>([
    ['too long', { ...good, seconds: 20_000 }, 'the video is 20000 s long, at most 14400 s are taken'],
    ['no media', new TranscodeError('NotMedia', 'the file is no mp4'), 'the file is no mp4'],
    ['no video', new TranscodeError('NoVideo', 'the file holds no video'), 'the file holds no video'],
  ])('refuses, before it encodes, what is %s', async (_, probed, reason) => {
    transcoder.probed = probed;
    expect(await desk.run()).toMatchObject({ kind: 'processingFailed', reason });
    expect([transcoder.encodes, desk.inWork(), readdirSync(folders.published)]).toEqual([[], [], []]);
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
    expect(await desk.run()).toMatchObject({ kind: 'processingFailed', reason });
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test.each([new Error('the disk is full'), new TranscodeError('Missing', 'ffmpeg is gone')])(
    'rejects with what may pass, and leaves nothing: %s',
    async (error) => {
      transcoder.work = ({ folder }) => {
        writeFileSync(join(folder, 'seg-0-1.m4s'), 'half');
        throw error;
      };
      await expect(desk.run()).rejects.toBe(error);
      expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
    },
  );

  test('rejects, and leaves nothing, when it is aborted while it encodes or waits', async () => {
    const { work, begun } = held();
    transcoder.work = work;
    desk.slots = new Slots(1);
    const controller = new AbortController();
    const encoding = desk.run(controller.signal);
    const waiting = desk.run(controller.signal, { ...job, id: 'w.u', video: 'w' });
    await begun;
    const ends = Promise.allSettled([encoding, waiting]);
    controller.abort(new Error('lost'));
    expect(await ends).toMatchObject([{ reason: { code: 'Aborted' } }, { reason: { message: 'lost' } }]);
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
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
    const events = await Promise.all([desk.run(), desk.run()]);
    expect(events.map(({ kind }) => kind)).toEqual(['processed', 'processed']);
    expect(transcoder.encodes.map(({ folder }) => folder)).toContain(
      readFileSync(join(folders.video('v'), 'who'), 'utf8'),
    );
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], ['v']]);
  });

  test('blames nobody where another worker takes the job over in the middle', async () => {
    const { work, begun, go } = held();
    transcoder.work = work;
    const first = desk.run();
    await begun;
    transcoder.work = ({ folder }) => {
      writeFileSync(join(folder, 'half'), 'x');
      throw new Error('the disk is full');
    };
    await expect(desk.run()).rejects.toThrow('the disk is full');
    go();
    await expect(first).rejects.toThrow('another worker took the job over');
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test('says processed where another worker takes the job over and publishes', async () => {
    const { work, begun, go } = held();
    transcoder.work = work;
    const first = desk.run();
    await begun;
    transcoder.work = writeEncoded;
    expect((await desk.run()).kind).toBe('processed');
    go();
    expect((await first).kind).toBe('processed');
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], ['v']]);
  });
});
