import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder, Up } from './tidemark.js';
import { Studio, Uploader } from './videos.js';

describe('a video, from upload to play', () => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await Studio.open();
  });
  afterAll(() => studio[Symbol.dispose]());

  /** Everything that a manifest or playlist names, by representation: its init segment and its media. */
  function segmentsOf(mpd: string): { codecs: string; files: string[] }[] {
    return [
      ...mpd.matchAll(/<Representation id="(\d+)"[^>]*codecs="([^"]+)"[\s\S]*?<\/Representation>/g),
    ].map(([whole, id = '', codecs = '']) => {
      const [, init = ''] = /initialization="([^"]+)"/.exec(whole) ?? [];
      const [, media = ''] = /media="([^"]+)"/.exec(whole) ?? [];
      const many = [...whole.matchAll(/<S [^>]*?(?:r="(\d+)")?\s*\/>/g)].reduce(
        (sum, [, repeat]) => sum + 1 + Number(repeat ?? 0),
        0,
      );
      const named = (n: number): string =>
        media.replace('$RepresentationID$', id).replace('$Number%05d$', String(n).padStart(5, '0'));
      const files = Array.from({ length: many }, (_, i) => named(i + 1));
      return { codecs, files: [init.replace('$RepresentationID$', id), ...files] };
    });
  }

  const playlistFiles = (playlist: string): string[] => [
    ...[...playlist.matchAll(/URI="([^"]+)"/g)].map(([, file = '']) => file),
    ...[...playlist.matchAll(/^([^#\s].*)$/gm)].map(([, file = '']) => file),
  ];

  test.each([
    { codecs: 'h264', audio: true, size: '640x360', kinds: ['avc1', 'avc1', 'mp4a'] },
    { codecs: 'h264', audio: false, size: '426x240', kinds: ['avc1'] },
    { codecs: 'h264,vp9', audio: true, size: '640x360', kinds: ['avc1', 'avc1', 'vp09', 'vp09', 'mp4a'] },
    { codecs: 'h264,vp9', audio: false, size: '240x426', kinds: ['avc1', 'vp09'] },
  ])('plays as $kinds from $size, sound: $audio', async ({ codecs, audio, size, kinds }) => {
    using folder = temporaryFolder();
    await using up = await Up.start('--data', folder.path, '--codecs', codecs, '--scrape-interval', '1s');
    const user = new Uploader(up.url);
    await user.register();
    const id = await user.create('Tides');
    expect((await fetch(`${up.url}/vms/videos/${id}`)).status).toBe(404);
    const clip = studio.clip({ seconds: 5, size, audio });
    expect(await user.upload(id, clip)).toMatchObject({ status: 202, state: 'uploaded' });
    await expect
      .poll(async () => (await user.status(id)).state, { timeout: 90_000, interval: 200 })
      .not.toBe('uploaded');
    expect(await user.status(id)).toEqual({ id, state: 'available', progress: 1, reason: null });

    const played = await fetch(`${up.url}/vms/videos/${id}`, { redirect: 'manual' });
    expect([played.status, played.headers.get('location')]).toEqual([301, `/videofiles/${id}/video.mpd`]);
    const get = async (name: string): Promise<Buffer> => {
      const answer = await fetch(`${up.url}/videofiles/${id}/${name}`);
      expect([name, answer.status]).toEqual([name, 200]);
      return Buffer.from(await answer.arrayBuffer());
    };
    const representations = segmentsOf((await get('video.mpd')).toString());
    expect(representations.map((one) => one.codecs.split('.')[0])).toEqual(kinds);
    for (const { codecs: kind, files } of representations) {
      expect(files.length).toBeGreaterThan(2);
      const whole = join(studio.folder, 'whole.mp4');
      writeFileSync(whole, Buffer.concat(await Promise.all(files.map(get))));
      const [stream, ...others] = studio.streams(whole);
      expect(others).toEqual([]);
      if (kind.startsWith('mp4a')) expect(stream).toMatchObject({ codec_name: 'aac' });
      else {
        expect(stream).toMatchObject({
          codec_name: kind.startsWith('avc1') ? 'h264' : 'vp9',
          nb_read_packets: '125',
        });
        expect(Number(stream?.width) / Number(stream?.height)).toBeCloseTo(
          Number(size.split('x')[0]) / Number(size.split('x')[1]),
          1,
        );
      }
    }
    const playlists = playlistFiles((await get('master.m3u8')).toString());
    expect(playlists).toHaveLength(kinds.length);
    for (const name of playlists) {
      const playlist = (await get(name)).toString();
      expect(playlist).toContain('#EXT-X-ENDLIST');
      for (const file of playlistFiles(playlist)) expect((await get(file)).length).toBeGreaterThan(0);
    }

    for (const [name, type] of [
      ['poster.jpg', 'image/jpeg'],
      ['thumbnails.jpg', 'image/jpeg'],
      ['thumbnails.vtt', 'text/vtt; charset=utf-8'],
    ] as const) {
      const answer = await fetch(`${up.url}/videofiles/${id}/${name}`);
      expect([name, answer.status, answer.headers.get('content-type')?.toLowerCase()]).toEqual([
        name,
        200,
        type,
      ]);
    }

    // The services count what they did, and Tidemark reads it.
    await expect
      .poll(async () => (await fetch(`${up.url}/metrics`)).text(), { timeout: 10_000 })
      .toContain('route="/videofiles/:id/:file",method="GET",status="200"');
    expect((await fetch(`${up.url}/vms/videos`)).status).toBe(200);
  });
});
