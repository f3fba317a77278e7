import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alias, box, rewrite } from '../../platform/transcoder/boxes.fixture.js';
import { card, ffmpeg, h264, tone } from '../../platform/transcoder/clips.fixture.js';
import { Bench } from './bench.fixture.js';

const NO_MP4 = /^the file is no mp4 that can be read: /;

describe('a file that names others', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  /** What a list may name, by every protocol that reaches further than it should. */
  const references: readonly (readonly [string, (bench: Bench) => string])[] = [
    ['by its path', ({ folders }) => join(folders.uploads, 'bait.ts')],
    ['beside it', () => 'bait.ts'],
    ['file:', (one) => `file://${one.bait('ts')}`],
    ['http:', ({ url }) => url],
    ['data:', () => 'data:video/mp2t;base64,R0BBEAA='],
    ['concat:', (one) => `concat:${one.bait('ts')}|${one.bait('txt')}`],
    ['subfile:', (one) => `subfile,,start,0,end,10000,,:${one.bait('ts')}`],
    ['crypto:', (one) => `crypto:${one.bait('ts')}`],
  ];
  const hls = (reference: string): string =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${reference}\n#EXT-X-ENDLIST\n`;
  const dash = (reference: string): string =>
    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet><Representation id="0" bandwidth="1"><BaseURL>${reference}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  const lists: readonly (readonly [string, (reference: string) => string | Buffer])[] = [
    ['a playlist', hls],
    [
      'a playlist behind the head of an mp4',
      (one) => Buffer.concat([box('ftyp', Buffer.from('isom\0\0\0\0mp42')), Buffer.from(hls(one))]),
    ],
    [
      'a playlist inside a box',
      (one) =>
        Buffer.concat([box('ftyp', Buffer.from('isom\0\0\0\0mp42')), box('mdat', Buffer.from(hls(one)))]),
    ],
    ['a list of files', (one) => `ffconcat version 1.0\nfile '${one}'\n`],
    ['a DASH manifest', dash],
  ];
  const dressed = lists.flatMap(([list, write]) =>
    references.map(([how, name]) => [`${list}, ${how}`, (one: Bench) => write(name(one))] as const),
  );

  test.each(dressed)('%s: refused, and nobody reads what it names', async (_, content) => {
    const { event, givenUp } = await bench.process(Buffer.from(content(bench)));
    expect(event).toMatchObject({ kind: 'processingFailed', reason: expect.stringMatching(NO_MP4) });
    expect(givenUp).toBeNull();
  });

  test('and would be read, were the demuxer not forced: the bait is worth its name', async () => {
    const path = join(bench.studio, 'plain.m3u8');
    writeFileSync(path, hls(bench.bait('ts')));
    const copied = join(bench.studio, 'stolen.mp4');
    await ffmpeg('-protocol_whitelist', 'file', '-i', path, '-c', 'copy', copied);
    expect(statSync(copied).size).toBeGreaterThan(1_000);
  });

  const aviOf = (): Buffer => {
    const text = Buffer.from(hls(bench.bait('ts')));
    const riff = Buffer.from(`RIFF\xff\xff\0\0AVI LIST\x10\0\0\0movi00tx`, 'latin1');
    return Buffer.concat([riff, Buffer.from('GAB2\0\x02\0\0\0\0\0', 'latin1'), text]);
  };
  test.each<[string, () => Buffer | Promise<Buffer>]>([
    ['an AVI whose subtitles are a playlist', aviOf],
    ['subtitles alone', () => Buffer.from(`1\n00:00:00,000 --> 00:00:02,000\n${bench.bait('txt')}\n`)],
    [
      'ASS subtitles that attach a file',
      () => Buffer.from(`[Script Info]\n[Fonts]\nfontname: ${bench.bait('txt')}\n`),
    ],
    ['a Matroska file with an attachment', () => matroska(bench)],
    ['an SDP that opens a port', () => Buffer.from('v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n')],
    [
      'an SVG picture',
      () => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${bench.url}"/></svg>`),
    ],
  ])('%s: refused', async (_, content) => {
    const { event } = await bench.process(await content());
    expect(event).toMatchObject({ kind: 'processingFailed', reason: expect.stringMatching(NO_MP4) });
  });

  test.each([
    ['whose samples lie in another file', (one: Bench) => one.bait('mp4')],
    ['whose samples lie up the path', () => '../../bait.mp4'],
  ])('an mp4 %s: that is not opened', async (_, path) => {
    const reference = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);
    const plain = await bench.ordinary();
    const file = rewrite(plain, 'dref', () => box('dref', reference, alias(path(bench))));
    expect(file.length).toBeGreaterThan(plain.length);
    const { event } = await bench.process(file);
    expect(event.kind).toBe('processingFailed');
  });

  test('an mp4 with subtitles that name a file: it plays, without them', async () => {
    const subtitles = join(bench.studio, 'subtitles.srt');
    writeFileSync(subtitles, `1\n00:00:00,000 --> 00:00:02,000\n{\\fn${bench.bait('txt')}}${bench.secret}\n`);
    const both = ['-map', '0', '-map', '1', ...h264, '-c:s', 'mov_text'];
    const file = await bench.make(...card('320x180', 2), '-i', subtitles, ...both);
    expect(file.includes(bench.secret)).toBe(true);
    expect((await bench.process(file)).event.kind).toBe('processed');
  });

  test('an mp4 whose names lead out of the folder: it plays, and nothing lies elsewhere', async () => {
    const names = ['title', 'artist', 'comment', 'album'].flatMap((key) => [
      '-metadata',
      `${key}=../../escaped`,
    ]);
    const tracks = [
      '-metadata:s:v',
      'handler_name=../../escaped',
      '-metadata:s:a',
      'handler_name=/tmp/escaped',
    ];
    const file = await bench.make(
      ...card('320x180', 2),
      ...tone(2),
      ...h264,
      '-c:a',
      'aac',
      ...names,
      ...tracks,
    );
    expect((await bench.process(file)).event.kind).toBe('processed');
    for (const name of ['escaped', '../escaped', '../../escaped'])
      expect(existsSync(join(bench.folders.work, name))).toBe(false);
  });
});

/** With the secret text attached. */
async function matroska(bench: Bench): Promise<Buffer> {
  const path = join(bench.studio, 'attached.mkv');
  const attached = ['-attach', bench.bait('txt'), '-metadata:s:t', 'mimetype=text/plain'];
  await ffmpeg(...card('160x90', 1), ...h264, ...attached, path);
  return readFileSync(path);
}
