import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TranscodeError } from '../../platform/transcoder/transcoder.js';
import type { Folders } from '../jobs/folders.js';
import { type FakeTranscoder, type Journal, writeEncoded } from './driver.fixture.js';
import { Desk, job, never } from './worker.fixture.js';

describe('a worker, whatever it is given,', () => {
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

  test('publishes nothing of a job whose upload was taken away while it was encoded', async () => {
    transcoder.work = (options) => {
      writeEncoded(options);
      rmSync(folders.upload(job.id));
    };
    expect(await desk.run()).toMatchObject({ kind: 'processingFailed', reason: 'the uploaded file is gone' });
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test.each([
    ['../v', '../v.u'],
    ['v', '../../v.u'],
    ['v/w', 'v/w.u'],
    ['..', '...u'],
    ['', '.u'],
    ['v\0', 'v.u'],
  ])('touches no file for a video %j of a job %j', async (video, id) => {
    const before = readdirSync(desk.root.path, { recursive: true });
    const reason = 'the ids of the job are no names of files';
    expect(await desk.run(never, { ...job, id, video })).toMatchObject({ kind: 'processingFailed', reason });
    expect(readdirSync(desk.root.path, { recursive: true })).toEqual(before);
  });

  test('publishes a video without pictures where these cannot be made, and says why', async () => {
    transcoder.paint = ({ folder, file }) => {
      writeFileSync(join(folder, file), 'half of a pic');
      if (file === 'thumbnails.jpg') throw new TranscodeError('Failed', 'making a picture failed: odd');
    };
    expect((await desk.run()).kind).toBe('processed');
    expect(readdirSync(folders.video('v')).filter((name) => /jpg|vtt/.test(name))).toEqual([]);
    expect(journal.all[1]).toMatchObject({
      message: 'the video has no pictures',
      reason: 'making a picture failed: odd',
    });
  });

  test('takes no half picture for one', async () => {
    transcoder.paint = ({ folder, file }) => writeFileSync(join(folder, file), Buffer.from('ffd800', 'hex'));
    expect((await desk.run()).kind).toBe('processed');
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
    await expect(desk.run(controller.signal)).rejects.toThrow('lost');
    expect([desk.inWork(), readdirSync(folders.published)]).toEqual([[], []]);
  });

  test('blames no video for a disk that does not answer', async () => {
    rmSync(folders.uploads, { recursive: true });
    // In place of the folder, a link that leads to itself.
    symlinkSync(folders.uploads, folders.uploads);
    await expect(desk.run()).rejects.toMatchObject({ code: 'ELOOP' });
    expect(desk.inWork()).toEqual([]);
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
    desk.free = bytes;
    if (error === null) expect((await desk.run()).kind).toBe('processed');
    else await expect(desk.run()).rejects.toMatchObject(error);
    expect(transcoder.encodes).toHaveLength(error === null ? 1 : 0);
    expect(desk.inWork()).toEqual([]);
  });

  test('allows an encode twice of what its bit rates give, and what any has', async () => {
    await desk.run();
    expect(transcoder.encodes[0]?.mostBytes).toBe(2 * 1_847_500 + 16 * 2 ** 20);
  });

  test('counts the attempts that were cut off, by what they left, and gives up after four', async () => {
    const left = async (...names: readonly string[]): Promise<number> => {
      for (const name of names) mkdirSync(join(folders.work, name));
      const tries = { failed: 1 };
      const event = await desk.run(never, job, tries);
      const given = event.kind === 'processed' ? null : event.reason;
      expect(given).toBe(tries.failed < 4 ? null : 'processing was cut off 4 times');
      expect(desk.inWork()).toEqual([]);
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
});
