import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VideoJob } from '../../schemas/types.js';
import { basic, DAY, Driver, mp4, NOW, ada as registered, video } from './driver.fixture.js';
import { Passwords } from './passwords.js';
import type { Video } from './records.js';
import { sweep } from './sweeper.js';
import { noLimits } from './usage.js';
import type { Vms } from './vms.js';

const ada = { ...registered, id: 'u' };
const tus = { 'tus-resumable': '1.0.0', ...basic(ada.email, ada.password) };
const part = { 'content-type': 'application/offset+octet-stream' };
const named = (id: string) => ({ 'upload-metadata': `video ${Buffer.from(id).toString('base64')}` });

describe('an upload in parts that meets other requests', () => {
  let driver: Driver;
  let vms: Vms;
  let passwordHash = '';
  beforeAll(async () => {
    passwordHash = await new Passwords(() => 0).hash(ada.password);
  });
  beforeEach(async () => {
    driver = await Driver.open();
    vms = driver.vms();
    await driver.directory.addUser({ id: ada.id, name: ada.name, email: ada.email, passwordHash });
    await add({ id: 'v' });
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const add = (more: Partial<Video>): Promise<boolean> =>
    driver.directory.addVideo(video({ state: 'waitingUpload', upload: null, uploadedAt: null, ...more }));
  const ask = async (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    vms.app.request(path, { ...init, headers: { ...tus, ...init.headers } });
  const create = (length = 100, headers = named('v')) =>
    ask('/uploads', { method: 'POST', headers: { 'upload-length': String(length), ...headers } });
  /** Path of a new upload. */
  const begin = async (): Promise<string> =>
    new URL((await create()).headers.get('location') ?? '', 'http://x/uploads').pathname;
  const patch = (path: string, offset: number, bytes: Buffer) =>
    ask(path, {
      method: 'PATCH',
      headers: { ...part, 'upload-offset': String(offset) },
      body: new Uint8Array(bytes),
    });
  const head = (path: string) => ask(path, { method: 'HEAD' });
  const offsetOf = async (path: string): Promise<string | null> =>
    (await head(path)).headers.get('upload-offset');
  const outbox = async (): Promise<VideoJob[]> =>
    (await driver.store.list('outbox/')).map(({ value }) => JSON.parse(value) as VideoJob);
  const left = (): readonly string[] => readdirSync(driver.folders.resumable);

  test('is taken once, whoever sends its end again, and its file stays', async () => {
    const path = await begin();
    await patch(path, 0, mp4());
    const [job] = await outbox();
    const stored = (): boolean => existsSync(driver.folders.upload(job?.id ?? ''));
    expect((await patch(path, 100, Buffer.alloc(0))).status).toBe(204);
    expect([stored(), await offsetOf(path)]).toEqual([true, '100']);
    // Also where it failed since: that is what a retry is for.
    await driver.directory.change('v', (one) => ({ ...one, state: 'notAvailable' }));
    expect((await patch(path, 100, Buffer.alloc(0))).status).toBe(204);
    expect([stored(), (await outbox()).length]).toEqual([true, 1]);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'notAvailable' });
  });

  test('is taken once where its client asks how far it is while it is completed', async () => {
    const path = await begin();
    const asked = await Promise.all([patch(path, 0, mp4()), ...Array.from({ length: 20 }, () => head(path))]);
    expect(asked.map(({ status }) => status).filter((one) => ![200, 204, 423].includes(one))).toEqual([]);
    const [job, ...more] = await outbox();
    expect(more).toEqual([]);
    expect(existsSync(driver.folders.upload(job?.id ?? ''))).toBe(true);
  });

  test.each<[string, () => Promise<Response>]>([
    ['another one begins', () => create()],
    ['its video is deleted', () => ask('/videos/v', { method: 'DELETE' })],
  ])('is gone, and no fault of ours, where meanwhile %s', async (_, meanwhile) => {
    const path = await begin();
    const rest = new TransformStream<Uint8Array, Uint8Array>();
    const writer = rest.writable.getWriter();
    const headers = { ...part, 'upload-offset': '0' };
    const first = ask(path, {
      method: 'PATCH',
      headers,
      body: rest.readable,
      duplex: 'half',
    } as RequestInit & {
      headers: Record<string, string>;
    });
    await writer.write(new Uint8Array(mp4().subarray(0, 20)));
    const file = join(driver.folders.resumable, path.replace('/uploads/', ''));
    await expect.poll(() => statSync(file).size).toBe(20);
    expect((await meanwhile()).ok).toBe(true);
    await writer.write(new Uint8Array(mp4().subarray(20)));
    await writer.close();
    expect((await first).status).toBe(410);
    expect(left().filter((name) => path.endsWith(name))).toEqual([]);
    expect(driver.said).toEqual([]);
  });

  test('counts to what its owner may have stored while it is not complete, too', async () => {
    vms = driver.vms({ most: { ...noLimits, bytes: 250 } });
    await add({ id: 'w', name: 'W', state: 'waitingUpload', upload: null, uploadedAt: null });
    await begin();
    expect((await create(200, named('w'))).status).toBe(409);
    expect((await create(150, named('w'))).status).toBe(201);
    // In place of the one before, for the same video.
    expect((await create(100)).status).toBe(201);
  });

  test('is swept soon where its video is gone', async () => {
    await begin();
    await driver.directory.remove('v', () => true);
    const { directory, folders, lines } = driver;
    for (const name of left()) utimesSync(join(folders.resumable, name), NOW / 1000, NOW / 1000);
    const swept = { directory, folders, lines, giveUpAfter: DAY, abandonAfter: DAY, keepFailed: DAY };
    await sweep({ ...swept, sweepAfter: 1_000, clock: () => NOW + 999 });
    expect(left()).toHaveLength(2);
    await sweep({ ...swept, sweepAfter: 1_000, clock: () => NOW + 1_001 });
    expect(left()).toEqual([]);
  });
});
