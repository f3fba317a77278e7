import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, patched, rewrite } from '../../platform/transcoder/boxes.fixture.js';
import { card, ffmpeg, h264, tone } from '../../platform/transcoder/clips.fixture.js';
import { Bench } from './bench.fixture.js';
import { sizesOf } from './sizes.fixture.js';

/** Sizes of the renditions, by the segments themselves, and of the poster. */
type Sizes = readonly string[];
type Make = (bench: Bench) => Promise<Buffer>;

const NO_MP4 = /^the file is no mp4 that can be read: /;
const DAMAGED = /^encoding (?:failed|is incomplete): /;

/** The same bytes with a number of 32 bits before this type replaced: what a box claims to be long. */
const claiming =
  (type: string, size: number) =>
  (file: Buffer): Buffer => {
    const copy = Buffer.from(file);
    copy.writeUInt32BE(size, copy.indexOf(type, 0, 'latin1') - 4);
    return copy;
  };
const indexFirst: Make = (bench) => bench.ordinary('-movflags', '+faststart');
const part = (file: Buffer, share: number): Buffer => file.subarray(0, Math.floor(file.length * share));

describe('a file from anywhere', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  /** The turn that players apply, as newer builds write it, or older ones. */
  const turned = async (one: Bench, degrees: number): Promise<Buffer> => {
    const upright = join(one.studio, 'upright.mp4');
    writeFileSync(upright, await one.ordinary());
    const path = join(one.studio, 'turned.mp4');
    await ffmpeg('-i', upright, '-c', 'copy', '-metadata:s:v', `rotate=${degrees}`, path);
    return readFileSync(path);
  };

  const playing: readonly (readonly [string, Make, Sizes])[] = [
    ['an ordinary one', (one) => one.ordinary(), ['320x180']],
    ['its index first', indexFirst, ['320x180']],
    ['one frame', (one) => one.make(...card('320x180', 1), '-frames:v', '1', ...h264), ['320x180']],
    [
      'one frame that is shown for long',
      (one) => one.make('-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=1/3', '-frames:v', '1', ...h264),
      ['320x180'],
    ],
    ['a quarter turn', (one) => turned(one, 90), ['180x320']],
    ['a half turn', (one) => turned(one, 180), ['320x180']],
    ['three quarters of a turn', (one) => turned(one, 270), ['180x320']],
    ['upright from the start', (one) => one.make(...card('360x640', 1), ...h264), ['180x320', '360x640']],
    [
      'odd sizes',
      (one) => one.make(...card('321x181', 1), '-c:v', 'libx264', '-pix_fmt', 'yuv444p'),
      ['320x180'],
    ],
    ['hardly any size', (one) => one.make(...card('2x2', 1), ...h264), ['2x2']],
    ['a strip', (one) => one.make(...card('1280x16', 1), ...h264), ['320x4', '640x8', '1280x16']],
    [
      'a rate that varies',
      (one) =>
        one.make(...card('320x180', 3), '-vf', "select='lt(n,10)+not(mod(n,7))'", '-vsync', 'vfr', ...h264),
      ['320x180'],
    ],
    ['a thousand frames a second', (one) => one.make(...card('320x180', 2, 1000), ...h264), ['320x180']],
    ['ten thousand frames', (one) => one.make(...card('64x36', 10, 1000), ...h264), ['64x36']],
    [
      '10 bits a colour',
      (one) => one.make(...card('320x180', 1), '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le'),
      ['320x180'],
    ],
    [
      'colours of HDR',
      (one) =>
        one.make(
          ...card('320x180', 1),
          ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p10le', '-color_primaries', 'bt2020'],
          ...['-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
        ),
      ['320x180'],
    ],
    ['fragments', (one) => one.ordinary('-movflags', 'frag_keyframe+empty_moov'), ['320x180']],
    [
      'a hundred tracks',
      (one) => one.make(...card('64x36', 1, 5), ...Array(100).fill(['-map', '0:v']).flat(), '-c:v', 'mjpeg'),
      ['64x36'],
    ],
    [
      'a title of 3 MB',
      async (one) => {
        const file = rewrite(await one.ordinary(), 'udta', () => titled('A'.repeat(3_000_000)));
        expect(file.length).toBeGreaterThan(3_000_000);
        return file;
      },
      ['320x180'],
    ],
    [
      'media data that claims 4 GB, behind its index',
      async (one) => claiming('mdat', 0xffff_ffff)(await indexFirst(one)),
      ['320x180'],
    ],
    [
      'an index that claims 4 GB',
      async (one) => claiming('moov', 0xffff_ffff)(await one.ordinary()),
      ['320x180'],
    ],
    [
      'notes that claim 4 GB',
      async (one) => claiming('udta', 0xffff_fff0)(await one.ordinary()),
      ['320x180'],
    ],
    [
      'an edit list whose second entry goes to the moon',
      async (one) =>
        rewrite(await one.ordinary('-bf', '2'), 'elst', () => box('elst', pausedFor(360_000_000))),
      ['320x180'],
    ],
  ];
  test.each(playing)('plays: %s', async (_, make, sizes) => {
    const file = await make(bench);
    const { event, published } = await bench.process(file);
    expect(event).toMatchObject({ kind: 'processed', reason: null });
    expect(sizesOf(bench.last)).toEqual([...sizes, `poster ${sizes.at(-1)}`]);
    expect(published).toEqual(
      expect.arrayContaining(['master.m3u8', 'thumbnails.jpg', 'thumbnails.vtt', 'video.mpd']),
    );
  });

  const refused: readonly (readonly [string, Make, RegExp])[] = [
    ['nothing', async () => Buffer.alloc(0), NO_MP4],
    ['a megabyte of nothing', async () => Buffer.alloc(1_000_000), NO_MP4],
    ['sound alone', (one) => one.make(...tone(1), '-c:a', 'aac'), /^the file holds no video$/],
    ...[0.02, 0.1, 0.5, 0.9].map(
      (share) =>
        [
          `the first ${share * 100} %, its index last`,
          async (one: Bench) => part(await one.ordinary(), share),
          NO_MP4,
        ] as const,
    ),
    ['the first 2 %, its index first', async (one) => part(await indexFirst(one), 0.02), NO_MP4],
    ...[0.1, 0.5, 0.9].map(
      (share) =>
        [
          `the first ${share * 100} %, its index first`,
          async (one: Bench) => part(await indexFirst(one), share),
          DAMAGED,
        ] as const,
    ),
    [
      'no length',
      async (one) =>
        ['mvhd', 'mdhd'].reduce(
          (file, type) => rewrite(file, type, patched(type, 16, 0)),
          await one.ordinary(),
        ),
      /^the file does not say how long the video is$/,
    ],
    [
      'media data that claims 4 GB, before its index',
      async (one) => claiming('mdat', 0xffff_ffff)(await one.ordinary()),
      NO_MP4,
    ],
    [
      'a billion samples',
      async (one) => rewrite(await one.ordinary(), 'stsz', patched('stsz', 8, 0x3fff_ffff)),
      NO_MP4,
    ],
    [
      'a billion samples of one byte',
      async (one) =>
        rewrite(
          rewrite(await one.ordinary(), 'stsz', patched('stsz', 8, 0x3fff_ffff)),
          'stsz',
          patched('stsz', 4, 1),
        ),
      DAMAGED,
    ],
    [
      'a frame that is too large',
      (one) => one.make(...card('8192x8192', 1, 1), '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', '31'),
      /^its video cannot be read: .* a frame has more than 35389440 pixels$/,
    ],
    [
      'a frame that is too large, and says that it is small',
      async (one) => {
        const large = [
          ...card('8192x8192', 1, 1),
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-pix_fmt',
          'gray',
        ];
        return shrunk(await one.make(...large));
      },
      /pixel/,
    ],
  ];
  test.each(refused)('is refused: %s', async (_, make, reason) => {
    const { event, givenUp, published } = await bench.process(await make(bench));
    expect(event).toMatchObject({ kind: 'processingFailed', reason: expect.stringMatching(reason) });
    expect([givenUp, published]).toEqual([null, []]);
  });

  test('whose header and edit list speak of days is refused for that, or plays as what it holds', async () => {
    const places = [
      ['elst', 8],
      ['mvhd', 16],
      ['mdhd', 16],
    ] as const;
    const file = places.reduce(
      (before, [type, at]) => rewrite(before, type, patched(type, at, 0x7fff_ffff)),
      await bench.ordinary('-bf', '2'),
    );
    const { event } = await bench.process(file);
    // Builds differ in whom they believe; if it plays, the bench has held it against its true length.
    if (event.kind === 'processed') expect(sizesOf(bench.last)).toEqual(['320x180', 'poster 320x180']);
    else expect(event.reason).toMatch(/^the video is \d{6,} s long, at most 14400 s are taken$/);
  });
});

/** What a file says of itself, as ours write it. */
function titled(title: string): Buffer {
  const handler = box('hdlr', Buffer.alloc(8), Buffer.from('mdirappl'), Buffer.alloc(9));
  const value = box('data', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), Buffer.from(title));
  return box('udta', box('meta', Buffer.alloc(4), handler, box('ilst', box('\xa9nam', value))));
}

/** An edit list that begins with a pause of so many ms. */
function pausedFor(ms: number): Buffer {
  const list = Buffer.alloc(32);
  const entries = [
    [ms, -1],
    [2_000, 1_024],
  ] as const;
  list.writeUInt32BE(entries.length, 4);
  for (const [i, [length, from]] of entries.entries()) {
    list.writeUInt32BE(length, 8 + i * 12);
    list.writeInt32BE(from, 12 + i * 12);
    list.writeUInt32BE(0x10000, 16 + i * 12);
  }
  return list;
}

/** Says of its frames, wherever their size is written but in themselves, that they are 64 x 64. */
function shrunk(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  const sample = copy.indexOf('avc1', copy.indexOf('stsd'), 'latin1');
  copy.writeUInt16BE(64, sample + 28);
  copy.writeUInt16BE(64, sample + 30);
  return copy;
}
