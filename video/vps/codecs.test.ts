import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { card, h264, tone, tools } from '../../platform/transcoder/clips.fixture.js';
import { Bench } from './bench.fixture.js';
import { parsePlaylist } from './playlist.js';

interface Stream {
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  /** Decoded one by one. */
  readonly nb_read_frames: string;
}

/** What a player gets that fetches these files of a folder one after the other. */
function decoded(folder: string, files: readonly string[]): Stream {
  const whole = join(folder, 'whole');
  writeFileSync(whole, Buffer.concat(files.map((name) => readFileSync(join(folder, name)))));
  const args = ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', whole];
  const { streams } = JSON.parse(execFileSync(tools.ffprobe, args).toString()) as { streams: Stream[] };
  expect(streams).toHaveLength(1);
  return streams[0] as Stream;
}

/** The playlists of a master playlist, each with what is said of it. */
const variants = (master: string): readonly { readonly said: string; readonly playlist: string }[] =>
  [...master.matchAll(/^#EXT-X-STREAM-INF:(.*)\n(.*)$/gm)].map(([, said = '', playlist = '']) => ({
    said,
    playlist,
  }));

/** The representations of a manifest: codec, size, and all files, by template and time line. */
const representations = (mpd: string) =>
  [...mpd.matchAll(/<Representation id="(\d+)"([^>]*)>([\s\S]*?)<\/Representation>/g)].map(
    ([, id = '', said = '', inside = '']) => {
      const attribute = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(said)?.[1] ?? '';
      const count = [...inside.matchAll(/<S [^>]*?(?:r="(\d+)")?\s*\/>/g)].reduce(
        (sum, [, repeat = '0']) => sum + 1 + Number(repeat),
        0,
      );
      const numbers = Array.from({ length: count }, (_, i) => String(i + 1).padStart(5, '0'));
      return {
        codec: attribute('codecs').split('.')[0],
        size: `${attribute('width')}x${attribute('height')}`,
        bandwidth: Number(attribute('bandwidth')),
        files: [`init-${id}.m4s`, ...numbers.map((number) => `seg-${id}-${number}.m4s`)],
      };
    },
  );

describe('a video in both codecs', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test.each<[string, readonly string[], boolean]>([
    ['1280x720', ['320x180', '640x360', '1280x720'], true],
    ['1000x562', ['320x180', '640x360'], false],
    ['720x1280', ['180x320', '360x640', '720x1280'], true],
    ['200x112', ['200x112'], false],
  ])(
    'from %s plays by DASH and by HLS in %j, none larger than it',
    async (size, sizes, sound) => {
      const input = [...card(size, 3), ...(sound ? tone(3) : [])];
      const file = await bench.make(...input, ...h264, ...(sound ? ['-c:a', 'aac'] : []));
      const { event } = await bench.process(file, ['h264', 'vp9']);
      expect(event).toMatchObject({ kind: 'processed', reason: null });
      const wanted = [...sizes.map((one) => `h264 ${one}`), ...sizes.map((one) => `vp9 ${one}`)];

      const byDash = representations(readFileSync(join(bench.last, 'video.mpd'), 'utf8'));
      const named = byDash.map(({ codec, size: told }) => `${codec} ${told}`);
      expect(named.slice(0, wanted.length)).toEqual(
        wanted.map((one) => one.replace('h264', 'avc1').replace('vp9', 'vp09')),
      );
      expect(byDash.slice(wanted.length).map(({ codec }) => codec)).toEqual(sound ? ['mp4a'] : []);
      const streams = byDash.slice(0, wanted.length).map(({ files }) => decoded(bench.last, files));
      expect(streams.map(({ codec_name, width, height }) => `${codec_name} ${width}x${height}`)).toEqual(
        wanted,
      );
      for (const { nb_read_frames } of streams) expect(nb_read_frames).toBe('75');

      const byHls = variants(readFileSync(join(bench.last, 'master.m3u8'), 'utf8'));
      expect(byHls.map(({ said }) => /RESOLUTION=(\S+?)(?:,|$)/.exec(said)?.[1])).toEqual([
        ...sizes,
        ...sizes,
      ]);
      expect(byHls.map(({ said }) => /CODECS="(avc1|vp09)\./.exec(said)?.[1])).toEqual([
        ...sizes.map(() => 'avc1'),
        ...sizes.map(() => 'vp09'),
      ]);
      for (const { said } of byHls) expect(/mp4a/.test(said)).toBe(sound);
      for (const [i, { playlist }] of byHls.entries()) {
        const { inits, segments, ended } = parsePlaylist(readFileSync(join(bench.last, playlist), 'utf8'));
        expect([...inits, ...segments.map(({ file }) => file)]).toEqual(byDash[i]?.files);
        expect(ended).toBe(true);
      }
    },
    60_000,
  );
});
