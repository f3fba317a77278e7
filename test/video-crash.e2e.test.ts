import { existsSync, readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { multipart } from '../cli/load.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import { temporaryFolder, Up } from './tidemark.js';
import { basic, Studio, Uploader } from './videos.js';

const codec = embeddedCodec();
const args = ['--scrape-interval', '1s', '--sweep-after', '3s', '--keep-failed', '3s'];

/** What an outsider sees of a data folder while the platform works in it. */
class Witness {
  readonly #environment;
  readonly #log;
  readonly #store;

  constructor(readonly data: string) {
    this.#environment = openEnvironment({ path: data, mode: 'read' });
    this.#log = lmdbLog(this.#environment);
    this.#store = lmdbStore(this.#environment);
  }

  files(folder: 'incoming' | 'uploads' | 'work' | 'published'): string[] {
    const path = join(this.data, 'videos', folder);
    return existsSync(path) ? readdirSync(path) : [];
  }

  /** Files in the folders of encodes under way. */
  encoded(): string[] {
    return this.files('work').flatMap((name) => {
      const path = join(this.data, 'videos', 'work', name);
      return existsSync(path) ? readdirSync(path) : [];
    });
  }

  async state(id: string): Promise<string> {
    const found = await this.#store.get(`video/${id}`);
    return found ? (JSON.parse(found.value) as { state: string }).state : '';
  }

  /** The kinds of all jobs or events. */
  async kinds(topic: 'video-jobs' | 'video-events'): Promise<string[]> {
    const kinds: string[] = [];
    for (let partition = 0; partition < 4; partition++) {
      const reader = this.#log.read(topic, partition, 0);
      for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
        while (batch.advance()) {
          const { value } = codec.decode(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
          kinds.push((value as { kind: string }).kind);
        }
      }
    }
    return kinds;
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#environment.close();
  }
}

/** Where the kill strikes: as soon as this can be seen. */
const moments: readonly (readonly [string, (seen: Witness, id: string) => boolean | Promise<boolean>])[] = [
  ['the upload is coming in', (seen) => seen.files('incoming').length > 0],
  ['the upload is complete', (seen) => seen.files('uploads').length > 0],
  ['the video is uploaded', async (seen, id) => (await seen.state(id)) === 'uploaded'],
  ['the job is published', async (seen) => (await seen.kinds('video-jobs')).length > 0],
  ['the encode begins', (seen) => seen.files('work').length > 0],
  ['the encode is under way', (seen) => seen.encoded().some((name) => name.endsWith('.m4s'))],
  ['the encode has its manifest', (seen) => seen.encoded().includes('video.mpd')],
  ['the video is published', (seen) => seen.files('published').length > 0],
  ['the event is published', async (seen) => (await seen.kinds('video-events')).includes('processed')],
  ['the video is available', async (seen, id) => (await seen.state(id)) === 'available'],
];

describe('kill -9 when', () => {
  let studio: Studio;
  let clip: Buffer;
  beforeAll(async () => {
    studio = await Studio.open();
    clip = studio.clip({ seconds: 3, size: '640x360', audio: true });
  });
  afterAll(() => studio[Symbol.dispose]());

  test.each(moments)('%s: the video comes through, once, and nothing is left over', async (moment, holds) => {
    using folder = temporaryFolder();
    const data = join(folder.path, 'data');
    let id = '';
    let inode: number | null = null;
    {
      await using up = await Up.start('--data', data, ...args);
      const user = new Uploader(up.url);
      await user.register();
      id = await user.create('Tides');
      const seen = new Witness(data);
      // The last byte waits where the kill has to strike before it.
      const slow = moment === 'the upload is coming in';
      const uploading = slow ? halfUpload(up.url, id, clip) : user.upload(id, clip).catch(() => null);
      await expect.poll(() => holds(seen, id), { timeout: 60_000, interval: 1 }).toBe(true);
      await up.end('SIGKILL');
      await uploading;
      const published = join(data, 'videos', 'published', id);
      if (existsSync(published)) inode = statSync(published).ino;
      await seen.close();
    }
    await using up = await Up.start('--data', data, ...args);
    const user = new Uploader(up.url);
    // What was never acknowledged is sent again.
    if ((await user.status(id)).state === 'waitingUpload')
      expect((await user.upload(id, clip)).status).toBe(202);
    await expect
      .poll(() => user.status(id), { timeout: 60_000, interval: 100 })
      .toEqual({ id, state: 'available', progress: 1, reason: null, etaSeconds: null });
    const seen = new Witness(data);
    const left = (): string[] => [...seen.files('incoming'), ...seen.files('uploads'), ...seen.files('work')];
    await expect.poll(left, { timeout: 30_000, interval: 100 }).toEqual([]);
    expect(seen.files('published')).toEqual([id]);
    const published = join(data, 'videos', 'published', id);
    if (inode !== null) expect(statSync(published).ino).toBe(inode);
    expect((await fetch(`${up.url}/videofiles/${id}/video.mpd`)).status).toBe(200);
    await seen.close();
  });

  test('a video has failed: it is not available, says why, and nothing is left over', async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, 'data');
    let id = '';
    {
      await using up = await Up.start('--data', data, ...args);
      const user = new Uploader(up.url);
      await user.register();
      id = await user.create('Half');
      const seen = new Witness(data);
      expect((await user.upload(id, clip.subarray(0, clip.length / 2))).status).toBe(202);
      const failed = async (): Promise<boolean> =>
        (await seen.kinds('video-events')).includes('processingFailed');
      await expect.poll(failed, { timeout: 30_000, interval: 1 }).toBe(true);
      await up.end('SIGKILL');
      await seen.close();
    }
    await using up = await Up.start('--data', data, ...args);
    const user = new Uploader(up.url);
    await expect
      .poll(() => user.status(id), { timeout: 30_000 })
      .toMatchObject({ state: 'notAvailable', reason: expect.stringContaining('no mp4 that can be read') });
    const seen = new Witness(data);
    const left = (): string[] =>
      (['incoming', 'uploads', 'work', 'published'] as const).flatMap((name) => seen.files(name));
    await expect.poll(left, { timeout: 30_000, interval: 100 }).toEqual([]);
    await seen.close();
  });
});

/** Sends half of an upload, and no more; resolves when the connection breaks. */
function halfUpload(url: string, id: string, clip: Buffer): Promise<void> {
  const { body, headers } = multipart(clip);
  return new Promise((resolve) => {
    const upload = request(`${url}/vms/videos/${id}`, {
      method: 'POST',
      headers: { ...headers, ...basic(), 'content-length': body.length },
    });
    upload.on('error', () => resolve());
    upload.write(body.subarray(0, body.length / 2));
  });
}
