import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder, Up } from './tidemark.js';
import { basic, Studio, Uploader } from './videos.js';

describe('what is no proper upload', () => {
  let studio: Studio;
  let clip: Buffer;
  let folder: ReturnType<typeof temporaryFolder>;
  let up: Up;
  let user: Uploader;
  let videos = 0;

  beforeAll(async () => {
    studio = await Studio.open();
    clip = studio.clip({ seconds: 2, size: '320x180', audio: true });
    folder = temporaryFolder();
    const data = join(folder.path, 'data');
    up = await Up.start('--data', data, '--upload-limit', '2MB', '--scrape-interval', '1s');
    user = new Uploader(up.url);
    await user.register();
    await user.register({ email: 'bob@example.org' });
  });
  afterAll(async () => {
    await up.end('SIGKILL');
    folder[Symbol.dispose]();
    studio[Symbol.dispose]();
  });

  const create = (): Promise<string> => user.create(`video ${videos++}`);
  const files = (name: string): string[] => readdirSync(join(folder.path, 'data', 'videos', name));
  const ended = async (id: string): Promise<Awaited<ReturnType<Uploader['status']>>> => {
    await expect.poll(async () => (await user.status(id)).state, { timeout: 30_000 }).not.toBe('uploaded');
    return user.status(id);
  };

  const secret = 'the secret of another user';
  const playlist = (): Buffer => {
    const path = join(folder.path, 'secret.ts');
    writeFileSync(path, secret);
    return Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${path}\n#EXT-X-ENDLIST\n`);
  };
  const dressed = (content: Buffer): Buffer =>
    Buffer.concat([Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'), content]);

  test.each<[string, () => Buffer, number, string]>([
    ['a text', () => Buffer.from('no video at all, but long enough'), 415, 'the file is no mp4'],
    ['a playlist that calls itself mp4', playlist, 415, 'the file is no mp4'],
    ['nothing', () => Buffer.alloc(0), 400, 'the file is empty'],
    ['too much', () => Buffer.concat([clip, Buffer.alloc(3_000_000)]), 413, 'bytes at most'],
  ])('%s is refused at once, and can be sent again rightly', async (_, content, status, detail) => {
    const id = await create();
    expect(await user.upload(id, content())).toMatchObject({
      status,
      detail: expect.stringContaining(detail),
    });
    expect(await user.status(id)).toMatchObject({ state: 'waitingUpload', reason: null });
    expect(files('incoming')).toEqual([]);
    expect((await user.upload(id, clip)).status).toBe(202);
    expect(await ended(id)).toMatchObject({ state: 'available' });
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['half a video', () => clip.subarray(0, clip.length / 2), /no mp4 that can be read: moov atom not found/],
    ['a playlist in the dress of an mp4', () => dressed(playlist()), /no mp4 that can be read/],
    [
      'sound alone',
      () => studio.clip({ seconds: 1, size: '64x64', audio: true, more: ['-map', '1:a'] }),
      /holds no video/,
    ],
  ])('%s is taken, and then not available with its reason', async (_, content, reason) => {
    const id = await create();
    expect((await user.upload(id, content())).status).toBe(202);
    const status = await ended(id);
    expect(status).toMatchObject({ state: 'notAvailable', reason: expect.stringMatching(reason) });
    expect(status.reason).not.toContain(folder.path);
    expect(files('published')).not.toContain(id);
    await expect.poll(() => files('work')).toEqual([]);
    // It is kept for a time, in which its owner may have it tried again.
    expect(files('uploads').filter((name) => name.startsWith(id))).toHaveLength(1);
    const again = await fetch(`${up.url}/vms/videos/${id}/retry`, { method: 'POST', headers: basic() });
    expect(again.status).toBe(202);
    expect((await ended(id)).reason).toBe(status.reason);
    expect(files('uploads').filter((name) => name.startsWith(id))).toHaveLength(1);
    expect((await fetch(`${up.url}/videofiles/${id}/video.mpd`)).status).toBe(404);
    const listed = (await (await fetch(`${up.url}/vms/videos`)).json()) as { id: string; reason: string }[];
    expect(listed.find((one) => one.id === id)?.reason).toBe(status.reason);
  });

  test.each<[string, () => Promise<string>, Record<string, string>, number]>([
    ["another user's video", create, basic('bob@example.org'), 403],
    ['a video without credentials', create, {}, 401],
    ['a video with a wrong password', create, basic(undefined, 'wrong'), 401],
    ['a video that does not exist', async () => 'nothing', basic(), 400],
  ])('%s takes no file', async (_, video, headers, status) => {
    const id = await video();
    expect((await user.upload(id, clip, headers)).status).toBe(status);
    expect([...files('incoming'), ...files('uploads').filter((name) => name.startsWith(id))]).toEqual([]);
  });

  test('a second upload is refused, while the first is processed and after', async () => {
    const id = await create();
    expect((await user.upload(id, clip)).status).toBe(202);
    expect((await user.upload(id, clip)).status).toBe(409);
    expect(await ended(id)).toMatchObject({ state: 'available' });
    expect(await user.upload(id, clip)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('available'),
    });
  });
});
