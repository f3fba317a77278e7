import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { card, clip, ffmpeg, h264, tone, tools } from './clips.fixture.js';
import { probeFile, told } from './probe.js';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const share = { threads: 1, memory: 1e9 };
const probe = (file: string) => probeFile(tools, file, { share });
/** The probe by another program; where nothing bounds memory, too. */
const by = (ffprobe: string, prlimit = tools.prlimit, signal?: AbortSignal) =>
  probeFile({ ...tools, ffprobe, prlimit }, 'any.mp4', { share, ...(signal && { signal }) });
const small = card('160x90', 1);

describe('a probe', () => {
  test('tells size, length, frame rate and streams', async () => {
    const sound = await clip(folder.path, 'sound.mp4', ...small, ...tone(1.5), ...h264, '-c:a', 'aac');
    expect(await probe(sound)).toEqual({
      width: 160,
      height: 90,
      pixels: 14_400,
      seconds: expect.closeTo(1.5, 1),
      videoSeconds: 1,
      audioSeconds: expect.closeTo(1.5, 1),
      frameRate: 25,
      videoStream: 0,
      audioStream: 1,
    });
  });

  test('tells that there is no sound', async () => {
    const silent = await clip(folder.path, 'silent.mp4', ...card('160x90', 1, '30000/1001'), ...h264);
    expect(await probe(silent)).toMatchObject({
      audioStream: null,
      audioSeconds: null,
      frameRate: expect.closeTo(29.97, 2),
    });
  });

  test.each([
    [90, 90, 160],
    [180, 160, 90],
    [-90, 90, 160],
  ])('turns the size of a video that is shown turned by %i degrees', async (angle, width, height) => {
    const upright = await clip(folder.path, 'upright.mp4', ...small, ...h264);
    const turned = join(folder.path, 'turned.mp4');
    // Older builds know the one way, newer ones the other.
    const remux = ['-i', upright, '-c', 'copy'];
    await ffmpeg(...remux, '-metadata:s:v', `rotate=${angle}`, turned);
    if ((await probe(turned)).width !== width)
      await ffmpeg('-display_rotation', String(angle), ...remux, turned);
    expect(await probe(turned)).toMatchObject({ width, height, pixels: 14_400 });
  });

  test.each([
    ['2/1', 320, 90],
    ['1/2', 80, 90],
  ])('stretches pixels of shape %s', async (shape, width, height) => {
    const file = await clip(folder.path, 'shaped.mp4', ...small, '-vf', `setsar=${shape}`, ...h264);
    expect(await probe(file)).toMatchObject({ width, height, pixels: 14_400 });
  });

  test('takes a cover for no video', async () => {
    const cover = join(folder.path, 'cover.png');
    await ffmpeg(...card('320x180', 1), '-frames:v', '1', cover);
    const song = join(folder.path, 'song.mp4');
    const both = ['-map', '0', '-map', '1', '-c:a', 'aac', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'];
    await ffmpeg(...tone(1), '-i', cover, ...both, '-disposition:v', 'attached_pic', song);
    await expect(probe(song)).rejects.toMatchObject({ code: 'NoVideo' });
    const film = join(folder.path, 'film.mp4');
    const maps = ['-map', '1', '-map', '0', '-c:v:0', 'png', '-disposition:v:0', 'attached_pic'];
    await ffmpeg(...small, '-i', cover, ...maps, '-c:v:1', 'libx264', film);
    expect(await probe(film)).toMatchObject({ pixels: 14_400 });
  });

  test('says that sound alone is no video', async () => {
    const file = await clip(folder.path, 'alone.mp4', ...tone(1), '-c:a', 'aac');
    await expect(probe(file)).rejects.toMatchObject({ code: 'NoVideo', message: 'the file holds no video' });
  });
});

describe('a probe refuses', () => {
  const secret = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n';
  const baits: [string, string | Buffer][] = [
    ['a text', 'This is no film, it only says so.\n'],
    ['nothing at all', ''],
    ['zero bytes', Buffer.alloc(4096)],
    ['a playlist', secret],
    ['a list of files', "ffconcat version 1.0\nfile 'other.mp4'\n"],
    ['a playlist behind the beginning of an mp4', `\0\0\0\x18ftypmp42\0\0\0\0isommp42${secret}`],
  ];

  test.each(baits)('%s, without a path of ours', async (name, content) => {
    await clip(folder.path, 'other.mp4', ...small, ...h264);
    await ffmpeg(...small, ...h264, join(folder.path, 'other.ts'));
    const file = join(folder.path, `${name}.mp4`);
    writeFileSync(file, content);
    const error = await probe(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NotMedia', blame: 'video' });
    expect((error as Error).message).toMatch(/^the file is no mp4 that can be read: ./);
    expect((error as Error).message).not.toContain(folder.path);
    expect((error as Error).message).not.toContain(name);
  });

  test('a file whose index was cut off', async () => {
    const whole = await clip(folder.path, 'whole.mp4', ...small, ...h264);
    const file = join(folder.path, 'cut.mp4');
    const bytes = readFileSync(whole);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    await expect(probe(file)).rejects.toMatchObject({ code: 'NotMedia' });
  });

  test.each([
    ['that is not there', '/nowhere/ffprobe', 'ENOENT'],
    ['that cannot be run', '/', 'EACCES'],
  ])('nothing for good with a program %s', async (_, program, why) => {
    const error = { code: 'Missing', blame: 'place', message: `ffprobe cannot be started: ${why}` };
    await expect(by(program, null)).rejects.toMatchObject(error);
    if (tools.prlimit !== null) await expect(by(program)).rejects.toMatchObject(error);
  });

  test('what a program says that makes no sense', async () => {
    await expect(by('/bin/echo')).rejects.toMatchObject({
      code: 'NotMedia',
      message: 'the file is no mp4 that can be read: its description makes no sense',
    });
  });

  test.each<[string, string, object]>([
    [
      'that is killed',
      'kill -9 $$',
      { code: 'Killed', blame: 'attempt', message: 'ffprobe was ended by SIGKILL' },
    ],
    ['that fails', 'echo "any.mp4: broken" >&2; exit 1', { code: 'NotMedia', blame: 'video' }],
  ])('by whom it is to blame, with a program %s', async (name, does, error) => {
    const program = join(folder.path, name);
    writeFileSync(program, `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    await expect(by(program)).rejects.toMatchObject(error);
  });

  test('nothing any more once it is aborted', async () => {
    const controller = new AbortController();
    const program = join(folder.path, 'sleeper');
    const begun = join(folder.path, 'begun');
    writeFileSync(program, `#!/bin/sh\n: > '${begun}'\nexec sleep 600\n`, { mode: 0o755 });
    const probing = by(program, tools.prlimit, controller.signal);
    const ends = expect(probing).rejects.toMatchObject({ code: 'Aborted', blame: 'attempt' });
    await expect.poll(() => existsSync(begun)).toBe(true);
    controller.abort();
    await ends;
  });
});

test.each([
  ['[mov,mp4 @ 0x55d] moov atom not found\nmore', 'moov atom not found'],
  ['[h264 @ 0x55d] [IMGUTILS @ 0x7ff] Picture size exceeds', 'Picture size exceeds'],
  ['/data/a/b.mp4: Invalid data', 'the file: Invalid data'],
  ['data/my files/b.mp4: Invalid data', 'the file: Invalid data'],
  ['Opening file:/data/a/b.mp4 failed', 'Opening the file failed'],
  ['', 'it said nothing'],
])('of %j it tells %j', (said, expected) => {
  expect(told(said, ['data/my files/b.mp4'])).toBe(expected);
});
