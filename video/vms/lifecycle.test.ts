import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VideoEvent, VideoJob } from '../../schemas/types.js';
import { jobId } from '../jobs/topics.js';
import { ada, basic, DAY, Driver, mp4, NOW, video } from './driver.fixture.js';
import { applyEvent } from './events.js';
import { outboxEntry } from './outbox.js';
import { Passwords } from './passwords.js';
import type { Video } from './records.js';
import { sweep } from './sweeper.js';
import type { Vms } from './vms.js';

const bob = { name: 'Bob', email: 'bob@example.org', password: 'bob' };
const owner = basic(ada.email, ada.password);
type Problem = { readonly detail: string };

describe('a video', () => {
  let driver: Driver;
  let app: Vms['app'];
  let now: number;
  const hashes: string[] = [];
  beforeAll(async () => {
    const passwords = new Passwords(() => 0);
    for (const { password } of [ada, bob]) hashes.push(await passwords.hash(password));
  });
  beforeEach(async () => {
    driver = await Driver.open();
    now = NOW;
    ({ app } = driver.vms({ clock: () => now }));
    for (const [i, { name, email }] of [ada, bob].entries())
      await driver.directory.addUser({ id: 'ub'[i] ?? '', name, email, passwordHash: hashes[i] ?? '' });
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  /** A video in this state with what lies on the disk for it, and its job if it waits. */
  const add = async (more: Partial<Video> = {}): Promise<Video> => {
    const one = video({ bytes: 4, ...more });
    await driver.directory.addVideo(one);
    if (one.upload !== null && one.state !== 'available')
      writeFileSync(driver.folders.upload(jobId(one.id, one.upload)), 'film');
    if (one.state === 'available') publish();
    if (one.state === 'uploaded') await driver.store.transact([outboxEntry(jobOf(one))]);
    return one;
  };
  const publish = (): void => {
    mkdirSync(driver.folders.video('v'), { recursive: true });
    writeFileSync(join(driver.folders.video('v'), 'video.mpd'), '<MPD/>');
  };
  const jobOf = ({ id, upload, uploadedAt }: Video): VideoJob => ({
    ...{ kind: 'process', id: jobId(id, upload ?? ''), video: id, upload: upload ?? '' },
    ...{ createdAt: uploadedAt ?? 0, requestId: null, traceparent: null },
  });
  const event = (kind: VideoEvent['kind'], upload = 'up'): Promise<unknown> => {
    const one = { kind, job: jobId('v', upload), video: 'v', upload, at: NOW, progress: 0.5, reason: null };
    const asked = { requestId: null, traceparent: null };
    return applyEvent({ ...one, ...asked }, { ...driver, clock: () => now });
  };
  const files = (): string[] => driver.folders.all.flatMap((folder) => readdirSync(folder));
  const keys = async (): Promise<string[]> =>
    (await driver.store.list('')).map(({ key }) => key).filter((key) => !/^(?:user|email)\//.test(key));
  const jobs = async (): Promise<string[]> =>
    (await driver.store.list('outbox/')).map(({ value }) => (JSON.parse(value) as VideoJob).id);
  const stands = (): Promise<Video | null> => driver.directory.video('v');

  const remove = (headers: Record<string, string> = owner, id = 'v'): Promise<Response> =>
    Promise.resolve(app.request(`/videos/${id}`, { method: 'DELETE', headers }));
  const retry = (headers: Record<string, string> = owner, id = 'v'): Promise<Response> =>
    Promise.resolve(app.request(`/videos/${id}/retry`, { method: 'POST', headers }));
  const upload = (content: Buffer = mp4()): Promise<Response> => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(content)]), 'film.mp4');
    return Promise.resolve(app.request('/videos/v', { method: 'POST', headers: owner, body }));
  };
  const refused = async (answer: Response): Promise<[number, string]> => [
    answer.status,
    ((await answer.json()) as Problem).detail,
  ];

  test.each<[string, Partial<Video>]>([
    ['waits for its file', { state: 'waitingUpload', upload: null, uploadedAt: null, bytes: 0 }],
    ['is uploaded', {}],
    ['is available', { state: 'available' }],
    ['has failed', { state: 'notAvailable' }],
  ])('that %s is deleted with all that there is of it', async (_, more) => {
    await add(more);
    const answer = await remove();
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect([files(), await keys()]).toEqual([[], ['usage/u']]);
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 0, bytes: 0 });
    expect((await refused(await remove()))[0]).toBe(404);
    // Its name is free.
    expect(await driver.directory.addVideo(video({ id: 'w' }))).toBe(true);
  });

  test.each(['processed', 'progress', 'processingFailed'] as const)(
    'that was deleted stays so, whatever comes late: %s',
    async (kind) => {
      await add();
      await remove();
      await event(kind);
      expect([await stands(), files(), await keys()]).toEqual([null, [], ['usage/u']]);
    },
  );

  test('whose files cannot be removed is deleted all the same, and that is said', async () => {
    await add({ state: 'available' });
    // A name that is taken by what is no folder of ours stops the removal.
    mkdirSync(`${driver.folders.video('v')}.gone`);
    writeFileSync(join(`${driver.folders.video('v')}.gone`, 'x'), '');
    expect((await remove()).status).toBe(204);
    expect(driver.said).toEqual([expect.stringContaining('removing the files of a video: ')]);
    expect([await stands(), (await remove()).status]).toEqual([null, 404]);
  });

  test('whose deletion was cut short by a crash is swept', async () => {
    await add({ state: 'available' });
    await driver.directory.remove('v', () => true);
    // Of files, the times are those of this machine.
    now = Date.now() + 120_000;
    const vms = driver.vms({ clock: () => now });
    expect(files()).toEqual(['v']);
    await vms.start();
    await expect.poll(files).toEqual([]);
    await vms.stop();
  });

  test.each<[string, () => Promise<Response>]>([
    ['deleted', () => remove(basic(bob.email, bob.password))],
    ['tried again', () => retry(basic(bob.email, bob.password))],
  ])('is not %s by others', async (_, ask) => {
    const before = await add({ state: 'notAvailable' });
    expect(await refused(await ask())).toEqual([403, 'this video is not yours']);
    expect(await stands()).toEqual(before);
  });

  test.each([
    ['DELETE', '/videos/v'],
    ['POST', '/videos/v/retry'],
  ])('is left where nobody is logged in: %s %s', async (method, path) => {
    const before = await add({ state: 'notAvailable' });
    expect((await refused(await app.request(path, { method })))[0]).toBe(401);
    expect(await stands()).toEqual(before);
  });

  test('that failed is tried again under a new upload, of which alone events count', async () => {
    await add({ state: 'notAvailable', reason: 'the disk was full', endedAt: NOW, progress: 0.3 });
    publish();
    now = NOW + 5;
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await app.request('/videos/v/retry', {
      method: 'POST',
      headers: { ...owner, 'x-request-id': 'r', traceparent: trace },
    });
    expect([answer.status, await answer.json()]).toMatchObject([202, { id: 'v', state: 'uploaded' }]);
    const after = await stands();
    expect(after).toEqual(video({ bytes: 4, upload: after?.upload ?? '', uploadedAt: NOW + 5 }));
    expect(after?.upload).not.toBe('up');
    const job = jobId('v', after?.upload ?? '');
    // What an earlier attempt published late is not taken for what this one makes.
    expect(files()).toEqual([`${job}.mp4`]);
    expect(readFileSync(driver.folders.upload(job), 'utf8')).toBe('film');
    const [entry] = await driver.store.list('outbox/');
    expect(JSON.parse(entry?.value ?? '')).toMatchObject({ id: job, requestId: 'r', traceparent: trace });
    for (const kind of ['processed', 'progress', 'processingFailed'] as const) await event(kind);
    expect(await stands()).toEqual(after);
    await event('processed', after?.upload ?? '');
    expect(await stands()).toMatchObject({ state: 'available', reason: null });
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 1, bytes: 4 });
  });

  test.each<[string, Partial<Video> | null, number, string]>([
    ['is not there', null, 404, 'no such video'],
    ['waits', { state: 'waitingUpload', upload: null }, 409, 'the video is waitingUpload: only one that is'],
    ['is uploaded', {}, 409, 'the video is uploaded'],
    ['is available', { state: 'available' }, 409, 'the video is available'],
    [
      'keeps no file',
      { state: 'notAvailable', bytes: 0 },
      409,
      'its file is not kept any more: upload it again',
    ],
  ])('that %s is not tried again', async (_, more, status, detail) => {
    if (more) await add(more);
    const before = [await stands(), await jobs()];
    expect(await refused(await retry())).toEqual([status, expect.stringContaining(detail)]);
    expect([await stands(), await jobs()]).toEqual(before);
  });

  test('whose file is gone is not tried again', async () => {
    await add({ state: 'notAvailable' });
    unlinkSync(driver.folders.upload('v.up'));
    expect(await refused(await retry())).toEqual([409, expect.stringContaining('is not kept any more')]);
  });

  test('that failed takes another file in place of the first', async () => {
    await add({ state: 'notAvailable', reason: 'no film' });
    publish();
    expect((await upload(mp4(50))).status).toBe(202);
    const after = await stands();
    expect(after).toMatchObject({ state: 'uploaded', reason: null, bytes: 50 });
    expect(files()).toEqual([`v.${after?.upload}.mp4`]);
    expect(await driver.directory.usages.of('u')).toEqual({ videos: 1, bytes: 50 });
    await event('processed');
    expect(await stands()).toEqual(after);
  });

  /** What may come together; `statuses` are those that may be answered, in any order. */
  const races: readonly [string, () => readonly Promise<unknown>[], number[][]][] = [
    ['retry and retry', () => [retry(), retry()], [[202, 409]]],
    ['retry and another file', () => [retry(), upload()], [[202, 409]]],
    ['two other files', () => [upload(), upload(mp4(60))], [[202, 409]]],
    [
      'delete and retry',
      () => [remove(), retry()],
      [
        [204, 404],
        [204, 409],
        [202, 204],
      ],
    ],
    [
      'delete and another file',
      () => [remove(), upload()],
      [
        [204, 404],
        [204, 400],
        [202, 204],
      ],
    ],
    ['delete and delete', () => [remove(), remove()], [[204, 404]]],
  ];
  test.each(races)('that failed, %s at once: one wins, nothing is left over', async (_, ask, statuses) => {
    for (let turn = 0; turn < 5; turn++) {
      await add({ state: 'notAvailable' });
      const answers = (await Promise.all(ask())) as Response[];
      const got = answers.map(({ status }) => status).sort();
      expect(statuses.map((one) => [...one].sort())).toContainEqual(got);
      const left = await stands();
      if (left === null) expect([files(), await keys()]).toEqual([[], ['usage/u']]);
      else {
        const job = jobId('v', left.upload ?? '');
        expect([left.state, await jobs(), files()]).toEqual(['uploaded', [job], [`${job}.mp4`]]);
        expect(await driver.directory.usages.of('u')).toEqual({ videos: 1, bytes: left.bytes });
        await remove();
      }
      expect(await driver.directory.usages.of('u')).toEqual({ videos: 0, bytes: 0 });
    }
  });

  test('that is tried again just as its file is forgotten has the file, or is not tried', async () => {
    for (let turn = 0; turn < 5; turn++) {
      await add({ state: 'notAvailable', endedAt: NOW - DAY });
      const times = { sweepAfter: 60_000, giveUpAfter: DAY, abandonAfter: DAY, keepFailed: DAY - 1 };
      // Of files, the times are those of this machine; a new name of one counts as new.
      now = Date.now();
      const sweeping = sweep({ ...driver, ...times, clock: () => now });
      const [answer] = await Promise.all([retry(), sweeping]);
      const left = await stands();
      if (answer.status === 202) {
        expect(left).toMatchObject({ state: 'uploaded', bytes: 4 });
        expect(files()).toEqual([`${jobId('v', left?.upload ?? '')}.mp4`]);
      } else {
        expect([answer.status, left]).toMatchObject([409, { state: 'notAvailable', bytes: 0 }]);
        expect(await jobs()).toEqual([]);
      }
      expect((await driver.directory.usages.of('u')).bytes).toBe(left?.bytes);
      await remove();
    }
  });

  test.each<[string, VideoEvent['kind']]>([
    ['processed', 'processed'],
    ['failed', 'processingFailed'],
    ['further on', 'progress'],
  ])('that is deleted just as it is %s is gone, and so are its files', async (_, kind) => {
    for (let turn = 0; turn < 5; turn++) {
      await add();
      const [answer] = await Promise.all([remove(), event(kind)]);
      expect(answer.status).toBe(204);
      expect([await stands(), await keys(), files()]).toEqual([null, ['usage/u'], []]);
    }
  });

  test('that is deleted while its file comes in leaves none', async () => {
    await add({ state: 'waitingUpload', upload: null, uploadedAt: null, bytes: 0 });
    let send: (chunk: Buffer | null) => void = () => undefined;
    const boundary = 'xyz';
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n`;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Buffer.concat([Buffer.from(head), mp4(200)]));
        send = (chunk) => (chunk ? controller.enqueue(chunk) : controller.close());
      },
    });
    const uploading = app.request('/videos/v', {
      method: 'POST',
      headers: { ...owner, 'content-type': `multipart/form-data; boundary=${boundary}` },
      body,
      duplex: 'half',
    } as RequestInit);
    await expect.poll(() => readdirSync(driver.folders.incoming)).toHaveLength(1);
    expect((await remove()).status).toBe(204);
    send(Buffer.from(`\r\n--${boundary}--\r\n`));
    send(null);
    expect(await refused(await uploading)).toEqual([404, 'there is no such video']);
    expect([files(), await keys(), existsSync(driver.folders.video('v'))]).toEqual([[], ['usage/u'], false]);
  });
});
