import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';
import { eventOutput, videoTopics } from '../jobs/topics.js';
import { basic, Driver, mp4, NOW, ada as registered, UPLOAD_LIMIT, video } from './driver.fixture.js';
import { Passwords } from './passwords.js';
import type { Video } from './records.js';
import type { Vms } from './vms.js';

const ada = { ...registered, id: 'u' };
const bob = { id: 'b', name: 'Bob', email: 'bob@example.org', password: 'bob' };
const owner = basic(ada.email, ada.password);

describe('an upload', () => {
  let driver: Driver;
  let vms: Vms;
  let app: Vms['app'];
  const hashes = new Map<string, string>();
  beforeAll(async () => {
    const passwords = new Passwords(() => 0);
    for (const { id, password } of [ada, bob]) hashes.set(id, await passwords.hash(password));
  });
  beforeEach(async () => {
    driver = await Driver.open();
    vms = driver.vms();
    app = vms.app;
    for (const { id, name, email } of [ada, bob])
      await driver.directory.addUser({ id, name, email, passwordHash: hashes.get(id) ?? '' });
    await add({ state: 'waitingUpload', upload: null, uploadedAt: null });
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const add = (more: Partial<Video>): Promise<boolean> =>
    driver.directory.addVideo(video({ owner: ada.id, ...more }));
  const form = (content = mp4(), field = 'file'): FormData => {
    const data = new FormData();
    data.append(field, new Blob([new Uint8Array(content)]), '../../film.mp4');
    return data;
  };
  const upload = async (
    body: RequestInit['body'] = form(),
    headers: Record<string, string> = owner,
    id = 'v',
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await app.request(`/videos/${id}`, { method: 'POST', headers, body: body ?? null });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  /** All files below the folders of videos. */
  const files = (): string[] =>
    driver.folders.all.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const outbox = async (): Promise<VideoJob[]> =>
    (await driver.store.list('outbox/')).map(({ value }) => JSON.parse(value) as VideoJob);

  test('is taken: the file, the state and the job are there together', async () => {
    const answer = await upload(form(mp4(5_000)), { ...owner, 'x-request-id': 'r', traceparent: 'none' });
    expect(answer).toMatchObject({ status: 202, body: { id: 'v', state: 'uploaded' } });
    expect(answer.body).not.toHaveProperty('upload');
    const now = await driver.directory.video('v');
    expect(now).toMatchObject({ state: 'uploaded', uploadedAt: NOW, progress: 0, reason: null });
    const job = `v.${now?.upload}`;
    expect(files()).toEqual([driver.folders.upload(job)]);
    expect(readFileSync(driver.folders.upload(job)).equals(mp4(5_000))).toBe(true);
    expect(await outbox()).toEqual([
      {
        ...{
          kind: 'process',
          id: job,
          video: 'v',
          upload: now?.upload,
          createdAt: NOW,
          requestId: 'r',
          traceparent: null,
        },
      },
    ]);
  });

  test('leaves its job in the outbox, or nothing at all, where the store fails', async () => {
    const { store } = driver;
    const transact = store.transact;
    Object.assign(store, { transact: () => Promise.reject(new Error('the disk is full')) });
    expect((await upload()).status).toBe(500);
    Object.assign(store, { transact });
    expect(await driver.directory.video('v')).toMatchObject({ state: 'waitingUpload', upload: null });
    expect(await outbox()).toEqual([]);
    expect((await upload()).status).toBe(202);
  });

  test.each<[string, number, string, () => Parameters<typeof upload>]>([
    ['without credentials', 401, 'log in', () => [form(), {}]],
    [
      'to a video that is not there',
      400,
      'there is no video gone: create one first',
      () => [form(), owner, 'gone'],
    ],
    ['by somebody else', 403, 'this video is not yours', () => [form(), basic(bob.email, bob.password)]],
    ['without a body', 400, 'the request has no body', () => [null]],
    ['of one byte too many', 413, 'the file may have 1000000 bytes', () => [form(mp4(UPLOAD_LIMIT + 1))]],
    ['of no mp4', 415, 'the file is no mp4', () => [form(Buffer.from('a text, not a film'))]],
    [
      'of another type',
      415,
      'send multipart/form-data',
      () => ['film', { ...owner, 'content-type': 'video/mp4' }],
    ],
    ['in another field', 400, 'in the field "file"', () => [form(mp4(), 'video')]],
  ])('%s is refused with %i, and leaves nothing', async (_, status, detail, args) => {
    const { body, ...answer } = await upload(...args());
    expect([answer.status, body.status]).toEqual([status, status]);
    expect(body.detail).toContain(detail);
    expect([files(), await outbox()]).toEqual([[], []]);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'waitingUpload', upload: null });
  });

  test.each(['uploaded', 'available'] as const)('to a video that is %s is refused', async (state) => {
    await add({ id: 'w', name: 'w', state });
    expect(await upload(form(), owner, 'w')).toMatchObject({
      status: 409,
      body: { detail: `the video is ${state}: a file is taken while it is waitingUpload or notAvailable` },
    });
    expect([files(), await outbox()]).toEqual([[], []]);
  });

  test('that comes with another at once wins or leaves nothing', async () => {
    const answers = await Promise.all([upload(form(mp4(300_000))), upload(form(mp4(200_000))), upload()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    expect([files().length, (await outbox()).length]).toEqual([1, 1]);
    const now = await driver.directory.video('v');
    expect(files()).toEqual([driver.folders.upload(`v.${now?.upload}`)]);
  });

  test('becomes a job, whose event makes the video available', async () => {
    await vms.start();
    await upload();
    await expect.poll(() => driver.records(videoTopics.jobs)).toHaveLength(1);
    const [{ id: job, upload: which } = {} as VideoJob] = (await driver.records(
      videoTopics.jobs,
    )) as VideoJob[];
    const event = (kind: VideoEvent['kind'], progress: number): Promise<number> => {
      const one = {
        kind,
        job,
        video: 'v',
        upload: which,
        at: NOW,
        progress,
        reason: null,
        requestId: null,
        traceparent: null,
      };
      return driver.log.append(eventOutput(driver.codec, one, 1));
    };
    const status = async (): Promise<unknown> => (await app.request('/videos/v/status')).json();
    await event('progress', 0.5);
    await expect
      .poll(status)
      .toEqual({ id: 'v', state: 'uploaded', progress: 0.5, reason: null, etaSeconds: null });
    expect((await app.request('/videos/v')).status).toBe(404);
    await event('processed', 1);
    await expect
      .poll(status)
      .toEqual({ id: 'v', state: 'available', progress: 1, reason: null, etaSeconds: null });
    const answer = await app.request('/videos/v');
    expect([answer.status, answer.headers.get('location')]).toEqual([301, '/videofiles/v/video.mpd']);
    // The file goes after the state has changed.
    await expect.poll(async () => [files(), await outbox()]).toEqual([[], []]);
    await vms.stop();
    expect(driver.said).toEqual([]);
  });

  test('that failed shows its reason, and the video stays away', async () => {
    await add({ id: 'w', name: 'w', state: 'notAvailable', reason: 'the file holds no video' });
    expect(await (await app.request('/videos/w/status')).json()).toEqual({
      ...{ id: 'w', state: 'notAvailable', progress: 0, reason: 'the file holds no video', etaSeconds: null },
    });
    for (const path of ['/videos/w', '/videos/gone', '/videos/gone/status'])
      expect((await app.request(path)).status).toBe(404);
  });
});
