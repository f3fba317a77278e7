import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { verify } from './verify.js';

const playlist = (name: string, ...seconds: readonly number[]): string =>
  [
    '#EXTM3U',
    `#EXT-X-MAP:URI="init-${name}.m4s"`,
    ...seconds.map((one, i) => `#EXTINF:${one.toFixed(6)},\nseg-${name}-${i + 1}.m4s`),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n');

/** A folder as an encode of 20 s leaves it: one video of two segments, and its sound. */
function encoded(folder: string): void {
  const files: Record<string, string> = {
    'video.mpd': '<MPD/>',
    'master.m3u8':
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="media_1.m3u8"\n#EXT-X-STREAM-INF:AUDIO="a"\nmedia_0.m3u8\n',
    'media_0.m3u8': playlist('0', 10, 10),
    'media_1.m3u8': playlist('1', 12),
  };
  for (const name of ['init-0', 'seg-0-1', 'seg-0-2', 'init-1', 'seg-1-1']) files[`${name}.m4s`] = 'x';
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

const lengths = { videoSeconds: 20, audioSeconds: 12 };

describe('verifying an encode', () => {
  test('finds nothing wrong where each playlist is as long as its stream', async () => {
    using folder = temporaryFolder();
    encoded(folder.path);
    await verify(folder.path, lengths);
  });

  test.each(['video.mpd', 'master.m3u8', 'media_0.m3u8', 'media_1.m3u8', 'init-0.m4s', 'seg-1-1.m4s'])(
    'finds %s missing, and empty',
    async (name) => {
      using folder = temporaryFolder();
      encoded(folder.path);
      const error = { code: 'Failed', message: `encoding is incomplete: ${name} is missing or empty` };
      writeFileSync(join(folder.path, name), '');
      await expect(verify(folder.path, lengths)).rejects.toMatchObject(error);
      rmSync(join(folder.path, name));
      await expect(verify(folder.path, lengths)).rejects.toMatchObject(error);
    },
  );

  test.each<[string, string, string, string]>([
    ['a short video', 'media_0.m3u8', playlist('0', 10, 9.5), '19.50 s of 20.00 s were encoded'],
    ['a long one', 'media_0.m3u8', playlist('0', 10, 10.5), '20.50 s of 20.00 s were encoded'],
    ['a short sound', 'media_1.m3u8', playlist('1', 11.5), '11.50 s of 12.00 s were encoded'],
    ['an empty playlist', 'media_0.m3u8', playlist('0'), '0.00 s of 20.00 s were encoded'],
    [
      'no end',
      'media_0.m3u8',
      playlist('0', 10, 10).replace('#EXT-X-ENDLIST', ''),
      'media_0.m3u8 has no end',
    ],
    ['no video', 'master.m3u8', '#EXTM3U\n', 'the master playlist names no video'],
    ['no sound', 'master.m3u8', '#EXTM3U\nmedia_0.m3u8\n', 'the master playlist names no sound'],
  ])('finds %s', async (_, name, content, reason) => {
    using folder = temporaryFolder();
    encoded(folder.path);
    writeFileSync(join(folder.path, name), content);
    await expect(verify(folder.path, lengths)).rejects.toThrow(`encoding is incomplete: ${reason}`);
  });

  test.each([0.04, 0.3, 20.39, 19.61])('lets %d s pass where the difference is small', async (seconds) => {
    using folder = temporaryFolder();
    encoded(folder.path);
    writeFileSync(join(folder.path, 'media_0.m3u8'), playlist('0', seconds));
    await verify(folder.path, { ...lengths, videoSeconds: seconds < 1 ? 0.04 : 20 });
  });
});
