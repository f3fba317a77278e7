import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { card, clip, h264, tone, tools } from './clips.fixture.js';
import { Encodes, tiny } from './encode.fixture.js';
import { type FfmpegOptions, ffmpegTranscoder } from './ffmpeg.js';
import type { Rendition } from './transcoder.js';

const encodes = new Encodes();
afterAll(() => encodes[Symbol.dispose]());

/** Like `codec_name=h264,width=160` for the first stream behind a playlist. */
const streamOf = (playlist: string, entries: string): string =>
  execFileSync(tools.ffprobe, [
    ...['-v', 'error', '-show_entries', `stream=${entries}`, '-of', 'csv=p=0', playlist],
  ])
    .toString()
    .split('\n')[0]
    ?.trim() ?? '';

describe('an encode', () => {
  test('gives DASH and HLS over the same segments, the sound apart', async () => {
    const input = await clip(
      encodes.path,
      'both.mp4',
      ...card('160x90', 3),
      ...tone(3),
      ...h264,
      '-c:a',
      'aac',
    );
    const shares: number[] = [];
    const out = await encodes.encode(input, { onProgress: (share) => shares.push(share) });
    const names = ['init-0.m4s', 'init-1.m4s', 'master.m3u8', 'media_0.m3u8', 'media_1.m3u8'];
    expect(readdirSync(out)).toEqual([
      ...names,
      ...['seg-0-00001.m4s', 'seg-0-00002.m4s', 'seg-1-00001.m4s', 'seg-1-00002.m4s', 'video.mpd'],
    ]);
    expect(readFileSync(join(out, 'video.mpd'), 'utf8').match(/<AdaptationSet /g)).toHaveLength(2);
    expect(streamOf(join(out, 'media_1.m3u8'), 'codec_name')).toBe('aac');
    for (const share of shares) expect(share).toSatisfy((one: number) => one >= 0 && one <= 1);
  });

  test('gives every codec an adaptation set of its own, all with the same names', async () => {
    const input = await clip(encodes.path, 'silent.mp4', ...card('192x80', 1), ...h264);
    const out = await encodes.encode(input, {
      renditions: [tiny, { ...tiny, width: 128, height: 54 }, { ...tiny, codec: 'vp9' }],
    });
    expect(readFileSync(join(out, 'video.mpd'), 'utf8').match(/<AdaptationSet /g)).toHaveLength(2);
    expect(
      ['media_0', 'media_1', 'media_2'].map((name) =>
        streamOf(join(out, `${name}.m3u8`), 'codec_name,width,height'),
      ),
    ).toEqual(['h264,160,90', 'h264,128,54', 'vp9,160,90']);
    expect(readdirSync(out).filter((name) => /\.(?:m4s|mpd|m3u8)$/.test(name))).toEqual(readdirSync(out));
  });

  test.each<[string, readonly string[]]>([
    ['odd sizes', [...card('161x91', 1), '-c:v', 'libx264', '-pix_fmt', 'yuv444p']],
    ['one frame', [...card('160x90', 1), '-frames:v', '1', ...h264]],
    ['10 bits a colour', [...card('160x90', 1), '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le']],
    [
      'a rate that varies',
      [...card('160x90', 2), '-vf', "select='lt(n,10)+not(mod(n,7))'", '-vsync', 'vfr', ...h264],
    ],
    ['a frame every 4 s', [...card('160x90', 12, '1/4'), ...h264]],
    ['sound that ends early', [...card('160x90', 2), ...tone(0.5), ...h264, '-c:a', 'aac']],
    ['sound that goes on', [...card('160x90', 1), ...tone(2), ...h264, '-c:a', 'aac']],
    ['sound that comes late', [...card('160x90', 2), '-itsoffset', '1', ...tone(1), ...h264, '-c:a', 'aac']],
    ['fragments', [...card('160x90', 1), ...h264, '-movflags', 'frag_keyframe+empty_moov']],
  ])('takes a video with %s', async (name, args) => {
    const out = await encodes.encode(await clip(encodes.path, `${name}.mp4`, ...args));
    expect(streamOf(join(out, 'media_0.m3u8'), 'codec_name,width,height,pix_fmt')).toBe(
      'h264,160,90,yuv420p',
    );
  });

  test('keeps nothing of what the file says of its maker', async () => {
    const told = ['-metadata', 'title=private', '-metadata', 'location=+48.1374+011.5755/'];
    const out = await encodes.encode(
      await clip(encodes.path, 'told.mp4', ...card('160x90', 1), ...h264, ...told),
    );
    const all = readdirSync(out).map((name) => readFileSync(join(out, name), 'latin1'));
    expect(all.join()).not.toMatch(/private|48\.1374/);
  });
});

describe('an encode that does not come to its end', () => {
  // Of a quality that takes much longer than the test.
  const heavy: Rendition = { codec: 'vp9', width: 1280, height: 720, bitrate: 2000 };
  const long = (): Promise<string> => clip(encodes.path, 'long.mp4', ...card('320x180', 20), ...h264);

  test('is killed at once when it is aborted', async () => {
    const controller = new AbortController();
    const since = { abort: 0 };
    const encoding = encodes.encode(await long(), {
      renditions: [heavy],
      signal: controller.signal,
      onProgress: () => {
        since.abort ||= performance.now();
        controller.abort();
      },
    });
    await expect(encoding).rejects.toMatchObject({ code: 'Aborted', blame: 'attempt' });
    expect(performance.now() - since.abort).toBeLessThan(2_500);
    expect(encodes.running).toBe(false);
  });

  test('begins nothing under a signal that is aborted, before or just after the call', async () => {
    const input = await long();
    await expect(encodes.encode(input, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'Aborted',
    });
    const controller = new AbortController();
    const probe = await ffmpegTranscoder(tools).probe(input);
    const encoding = encodes.encode(input, { probe, renditions: [heavy], signal: controller.signal });
    controller.abort();
    await expect(encoding).rejects.toMatchObject({ code: 'Aborted' });
    expect(encodes.running).toBe(false);
  });

  test.each<[string, FfmpegOptions['limit']]>([
    ['before it starts', { times: 0, leastMs: 0 }],
    ['in the middle', { times: 0, leastMs: 700 }],
  ])('is killed when its time is over, %s', async (_, limit) => {
    const transcoder = ffmpegTranscoder(tools, limit ? { limit } : {});
    const encoding = encodes.encode(await long(), { transcoder, renditions: [heavy] });
    await expect(encoding).rejects.toMatchObject({ code: 'TimedOut', blame: 'video' });
    expect(encodes.running).toBe(false);
  });

  test('reads no other file, even where the input names one', async () => {
    const other = await clip(encodes.path, 'other.mp4', ...card('160x90', 1), ...h264);
    const probe = await ffmpegTranscoder(tools).probe(other);
    const bait = join(encodes.path, 'bait.mp4');
    writeFileSync(bait, "ffconcat version 1.0\nfile 'other.mp4'\n");
    await expect(encodes.encode(bait, { probe })).rejects.toMatchObject({ code: 'Failed', blame: 'video' });
    expect(readdirSync(encodes.last)).toEqual([]);
  });

  test('fails for good, without a path of ours, where the file is damaged', async () => {
    const input = await clip(encodes.path, 'fine.mp4', ...card('160x90', 1), ...h264);
    const probe = await ffmpegTranscoder(tools).probe(input);
    const error = await encodes
      .encode(join(encodes.path, 'gone.mp4'), { probe })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'Failed', blame: 'video' });
    expect((error as Error).message).toMatch(/^encoding failed: the file: No such file/);
    expect((error as Error).message).not.toContain(encodes.path);
  });

  test('fails, and not for good, where ffmpeg is gone', async () => {
    const input = await clip(encodes.path, 'left.mp4', ...card('160x90', 1), ...h264);
    const transcoder = ffmpegTranscoder({ ...tools, ffmpeg: '/nowhere/ffmpeg' });
    const probe = await ffmpegTranscoder(tools).probe(input);
    await expect(encodes.encode(input, { transcoder, probe })).rejects.toMatchObject({
      code: 'Missing',
      blame: 'place',
    });
  });
});

test.skipIf(tools.prlimit === null)(
  'an encode that takes more memory than it may have is refused',
  async () => {
    const input = await clip(encodes.path, 'wide.mp4', ...card('1280x720', 1), ...h264);
    const transcoder = ffmpegTranscoder(tools, { memory: 120_000_000 });
    const probe = await ffmpegTranscoder(tools).probe(input);
    const renditions: Rendition[] = [{ codec: 'h264', width: 1280, height: 720, bitrate: 3000 }];
    await expect(encodes.encode(input, { transcoder, probe, renditions })).rejects.toMatchObject({
      // Where it is the decoder that gets none, some builds do not say why.
      code: expect.stringMatching(/^(?:TooLarge|Failed)$/),
      blame: 'video',
    });
  },
);

test('a clip of a test card is an mp4 with sound', async () => {
  const file = join(encodes.path, 'card.mp4');
  const transcoder = ffmpegTranscoder(tools);
  await transcoder.makeClip(file, { seconds: 1, width: 160, height: 90, audio: true });
  expect(await transcoder.probe(file)).toMatchObject({ width: 160, height: 90, audioStream: 1 });
});
