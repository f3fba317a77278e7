import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { card, ffmpeg, h264 } from '../../platform/transcoder/clips.fixture.js';
import { Bench } from './bench.fixture.js';
import { cues, posterPlace } from './pictures.js';
import type { Segment } from './playlist.js';
import { sizesOf } from './sizes.fixture.js';

const segments = (...lengths: readonly number[]): Segment[] =>
  lengths.map((seconds, i) => ({ file: `seg-${i}`, seconds }));

describe('a poster', () => {
  test.each<[string, readonly number[], string, number]>([
    ['a tenth into a short video', [2, 2], 'seg-0', 0.4],
    ['in a later segment', [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], 'seg-1', 1],
    ['at the beginning of one frame', [0.04], 'seg-0', 0],
    ['at the beginning of a segment too short to skip in', [0.2, 0.9], 'seg-0', 0],
    ['never beyond the middle of a segment', [1.9, 2, 2, 2, 2, 2, 2, 2, 2, 0.6], 'seg-0', 0.95],
  ])('is taken %s', (_, lengths, file, skip) => {
    expect(posterPlace(segments(...lengths))).toEqual({
      segment: expect.objectContaining({ file }),
      skip: expect.closeTo(skip, 6),
    });
  });
});

describe('cues', () => {
  test('name the part of the sheet for each time, without gap or overlap', () => {
    const tiles = { columns: 2, rows: 2, width: 160, height: 90 };
    expect(cues(segments(2, 2.002, 1.5), 1, tiles)).toBe(
      [
        ...['WEBVTT', '', '00:00:00.000 --> 00:00:02.000', 'thumbnails.jpg#xywh=0,0,160,90', ''],
        ...['00:00:02.000 --> 00:00:04.002', 'thumbnails.jpg#xywh=160,0,160,90', ''],
        ...['00:00:04.002 --> 00:00:05.502', 'thumbnails.jpg#xywh=0,90,160,90', ''],
      ].join('\n'),
    );
  });

  test('span several segments where there are more than thumbnails, also of hours', () => {
    const text = cues(segments(...Array<number>(1801).fill(2)), 900, {
      columns: 3,
      rows: 1,
      width: 8,
      height: 6,
    });
    expect(text.match(/.*-->.*/g)).toEqual([
      '00:00:00.000 --> 00:30:00.000',
      '00:30:00.000 --> 01:00:00.000',
      '01:00:00.000 --> 01:00:02.000',
    ]);
  });
});

describe('pictures of a video', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  /** The mean colour of a part of a picture: red, green, blue. */
  const colourOf = async (name: string, filters = 'null'): Promise<readonly number[]> => {
    const out = join(bench.studio, 'colour.rgb');
    const mean = [
      '-vf',
      `${filters},scale=1:1`,
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      out,
    ];
    await ffmpeg('-i', join(bench.last, name), ...mean);
    return [...readFileSync(out)];
  };
  const near = (colour: readonly number[]): unknown =>
    colour.map((one) => expect.toSatisfy((value: number) => Math.abs(value - one) < 40));
  /** Black for its first tenth, then red; blue in its second half. */
  const changing = (seconds: number): string[] => [
    ...['-f', 'lavfi', '-i', `color=red:size=640x360:rate=10:duration=${seconds}`],
    '-vf',
    [
      `drawbox=color=black:t=fill:enable='lt(t,${seconds * 0.09})'`,
      `drawbox=color=blue:t=fill:enable='gte(t,${seconds / 2})'`,
    ].join(','),
  ];

  test('show what is seen at their time', async () => {
    await bench.process(await bench.make(...changing(20), ...h264));
    expect(sizesOf(bench.last).at(-1)).toBe('poster 640x360');
    expect(await colourOf('poster.jpg')).toEqual(near([255, 0, 0]));
    const cued = [
      ...readFileSync(join(bench.last, 'thumbnails.vtt'), 'utf8').matchAll(
        /^(\d\d:\d\d:\d\d)\.000 .*\n.*xywh=(\d+),(\d+),160,90$/gm,
      ),
    ];
    expect(cued).toHaveLength(10);
    for (const [, at = '', x = '', y = ''] of cued) {
      const seconds = Number(at.slice(-2));
      const expected = seconds === 0 ? [0, 0, 0] : seconds < 10 ? [255, 0, 0] : [0, 0, 255];
      expect(await colourOf('thumbnails.jpg', `crop=160:90:${x}:${y}`)).toEqual(near(expected));
    }
  });

  test.each<[string, string[], number, RegExp]>([
    ['one frame', [...card('320x180', 1), '-frames:v', '1'], 1, /xywh=0,0,160,90/],
    ['an upright video', card('360x640', 3), 2, /xywh=90,0,90,160/],
    ['more segments than thumbnails', card('64x36', 412, 5), 69, /xywh=512,216,64,36\n$/],
  ])('of %s are as many as their cues', async (_, args, count, place) => {
    await bench.process(await bench.make(...args, ...h264));
    const text = readFileSync(join(bench.last, 'thumbnails.vtt'), 'utf8');
    expect(text.match(/xywh=/g)).toHaveLength(count);
    expect(text).toMatch(place);
  });
});
