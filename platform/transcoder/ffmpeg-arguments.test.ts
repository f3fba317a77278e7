import { describe, expect, test } from 'vitest';
import { inputOptions, outputOptions, pictureArguments, timeOf } from './ffmpeg-arguments.js';
import type { Probe, Rendition } from './transcoder.js';

const probe: Probe = {
  ...{ seconds: 10, videoSeconds: 10, audioSeconds: 10, width: 640, height: 360, frameRate: 25 },
  ...{ pixels: 640 * 360, videoStream: 3, audioStream: 1 },
};
const renditions: Rendition[] = [
  { codec: 'h264', width: 320, height: 180, bitrate: 350 },
  { codec: 'vp9', width: 320, height: 180, bitrate: 245 },
];
/** What follows each flag of this name. */
const given = (args: readonly string[], flag: string): string[] =>
  args.flatMap((one, i) => (one === flag ? [args[i + 1] ?? ''] : []));

test('what comes from outside is read by one demuxer, from one file, within bounds', () => {
  const args = inputOptions({ threads: 3, memory: 1 });
  expect(given(args, '-f')).toEqual(['mov']);
  expect(given(args, '-protocol_whitelist')).toEqual(['file']);
  expect(given(args, '-enable_drefs')).toEqual(['0']);
  expect(given(args, '-max_pixels')).toEqual(['35389440']);
  expect([...given(args, '-threads'), ...given(args, '-filter_threads')]).toEqual(['3', '3']);
  expect(args).toEqual(expect.arrayContaining(['-nostdin', '-xerror']));
});

describe('an output', () => {
  test('has each codec, and the sound, in a set of its own, of the streams that were probed', () => {
    const args = outputOptions(probe, renditions, 3);
    expect(given(args, '-map')).toEqual(['0:3', '0:3', '0:1']);
    expect(given(args, '-adaptation_sets')).toEqual(['id=0,streams=0 id=1,streams=1 id=2,streams=2']);
    expect(given(args, '-threads')).toEqual(['3']);
  });

  test.each<[number | null, string, string]>([
    [25, '25', '50'],
    [30_000 / 1_001, '29.97002997002997', '60'],
    [24_000 / 1_001, '23.976023976023978', '48'],
    // Never shorter than a segment, which would then hold two.
    [5.2, '5.2', '11'],
    [12.5, '12.5', '25'],
    [0.25, '5', '10'],
    [1_000, '60', '120'],
    [null, '25', '50'],
  ])('of %d frames per second keeps %s, and has a key frame each %s', (frameRate, rate, frames) => {
    const args = outputOptions({ ...probe, frameRate }, renditions, 1);
    expect([given(args, '-r'), given(args, '-g'), given(args, '-keyint_min')]).toEqual([
      [rate],
      [frames],
      [frames],
    ]);
  });
});

describe('a picture', () => {
  const tiles = { columns: 2, rows: 1, width: 160, height: 90 };
  const one = { folder: 'f', init: 'init-0.m4s', file: 'p.jpg', tiles, signal: AbortSignal.abort() };

  test('of several segments takes the first frame of each', () => {
    const segments = ['seg-0-1.m4s', 'seg-0-2.m4s'];
    const args = pictureArguments({ ...one, segments, skip: 0 }, { threads: 1, memory: 1 });
    expect(given(args, '-skip_frame')).toEqual(['nokey']);
    expect(given(args, '-i')).toEqual(['concat:init-0.m4s|seg-0-1.m4s|seg-0-2.m4s']);
    expect(given(args, '-vf')).toEqual(['scale=160:90,setsar=1,tile=2x1']);
  });

  test('within a segment decodes up to there', () => {
    const args = pictureArguments(
      { ...one, segments: ['seg-0-1.m4s'], skip: 0.4 },
      { threads: 1, memory: 1 },
    );
    expect(given(args, '-skip_frame')).toEqual([]);
    expect(given(args, '-vf')).toEqual(['select=gte(t\\,0.4),scale=160:90,setsar=1,tile=2x1']);
  });
});

test.each<[string, number | null]>([
  ['frame=  50 fps=0.0 q=28.0 size=N/A time=00:01:02.50 bitrate=N/A speed=2x', 62.5],
  ['frame=1 time=01:00:00.00 bitrate=1', 3_600],
  ['frame=0 time=N/A bitrate=N/A', null],
  ['frame=0 time=-00:00:00.02 bitrate=N/A', null],
  ['frame=0 time=01:02:x bitrate=N/A', null],
  ['[mov] uptime=5', null],
  ['', null],
])('in %j the time is %d', (line, seconds) => {
  expect(timeOf(line)).toBe(seconds);
});
