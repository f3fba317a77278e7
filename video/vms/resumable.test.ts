import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serve } from '../../platform/http/serve.js';
import { StoreError } from '../../platform/store/store.js';
import type { VideoJob } from '../../schemas/types.js';
import { basic, DAY, Driver, mp4, NOW, ada as registered, UPLOAD_LIMIT, video } from './driver.fixture.js';
import { Passwords } from './passwords.js';
import type { Video } from './records.js';
import { sweep } from './sweeper.js';
import { noLimits } from './usage.js';
import type { Vms } from './vms.js';

const ada = { ...registered, id: 'u' };
const bob = { id: 'b', name: 'Bob', email: 'bob@example.org', password: 'bob' };
const owner = basic(ada.email, ada.password);
const tus = { 'tus-resumable': '1.0.0' };
const named = (id: string): Record<string, string> => ({
  'upload-metadata': `video ${Buffer.from(id).toString('base64')},filename Li4vLi4vZXRjL3Bhc3N3ZA==`,
});

describe('an upload that may be broken off', () => {
  let driver: Driver;
  let vms: Vms;
  const hashes = new Map<string, string>();
  beforeAll(async () => {
    const passwords = new Passwords(() => 0);
    for (const { id, password } of [ada, bob]) hashes.set(id, await passwords.hash(password));
  });
  beforeEach(async () => {
    driver = await Driver.open();
    vms = driver.vms();
    for (const { id, name, email } of [ada, bob])
      await driver.directory.addUser({ id, name, email, passwordHash: hashes.get(id) ?? '' });
    await add({ state: 'waitingUpload', upload: null, uploadedAt: null });
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const add = (more: Partial<Video>): Promise<boolean> =>
    driver.directory.addVideo(video({ owner: ada.id, ...more }));
  type Asked = RequestInit & { readonly headers?: Record<string, string> };
  const ask = async (path: string, { headers = {}, ...init }: Asked = {}): Promise<Response> =>
    vms.app.request(path, { ...init, headers: { ...tus, ...owner, ...headers } });
  const create = (length: number | null = 100, headers: Record<string, string> = named('v')) =>
    ask('/uploads', {
      method: 'POST',
      headers: { ...(length === null ? {} : { 'upload-length': String(length) }), ...headers },
    });
  /** Path of a new upload. */
  const begin = async (length = 100): Promise<string> =>
    new URL((await create(length)).headers.get('location') ?? '', 'http://x/uploads').pathname;
  const patch = (path: string, offset: number, bytes: Buffer, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'PATCH',
      headers: {
        ...{ 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
        ...headers,
      },
      body: new Uint8Array(bytes),
    });
  const head = (path: string) => ask(path, { method: 'HEAD' });
  const offsetOf = async (path: string): Promise<string | null> =>
    (await head(path)).headers.get('upload-offset');
  const outbox = async (): Promise<VideoJob[]> =>
    (await driver.store.list('outbox/')).map(({ value }) => JSON.parse(value) as VideoJob);
  const left = (): readonly string[] => readdirSync(driver.folders.resumable);
  const detail = async (answer: Response): Promise<string> => {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    return ((await answer.json()) as { detail: string }).detail;
  };

  test('comes in parts; with the last one the video is uploaded, and its job waits', async () => {
    const file = mp4(100);
    const begun = await create();
    expect([begun.status, begun.headers.get('tus-resumable')]).toEqual([201, '1.0.0']);
    expect(begun.headers.get('location')).toMatch(/^uploads\/v\.id-\d+$/);
    const path = new URL(begun.headers.get('location') ?? '', 'http://x/uploads').pathname;
    for (const [from, to] of [
      [0, 40],
      [40, 41],
      [41, 100],
    ] as const) {
      expect(await offsetOf(path)).toBe(String(from));
      const answer = await patch(path, from, file.subarray(from, to), { 'x-request-id': 'r' });
      expect([answer.status, answer.headers.get('upload-offset')]).toEqual([204, String(to)]);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const [job] = await outbox();
    expect(job).toMatchObject({ video: 'v', requestId: 'r', id: path.replace('/uploads/', '') });
    expect(readFileSync(driver.folders.upload(job?.id ?? ''))).toEqual(file);
    expect(await driver.directory.video('v')).toMatchObject({
      state: 'uploaded',
      bytes: 100,
      uploadedAt: NOW,
    });
    expect(driver.told.filter(({ audit }) => audit)).toMatchObject([
      { action: 'upload', user: 'u', video: 'v', bytes: 100, status: 204 },
    ]);
  });

  test('is known as complete afterwards, to a client that missed the answer', async () => {
    const path = await begin();
    await patch(path, 0, mp4());
    expect(await offsetOf(path)).toBe('100');
    expect(await outbox()).toHaveLength(1);
  });

  test('may have its first bytes along, and say its length later', async () => {
    const type = { 'content-type': 'application/offset+octet-stream' };
    const begun = await ask('/uploads', {
      method: 'POST',
      headers: { ...named('v'), ...type, 'upload-defer-length': '1' },
      body: new Uint8Array(mp4().subarray(0, 30)),
    });
    expect([begun.status, begun.headers.get('upload-offset')]).toEqual([201, '30']);
    const path = new URL(begun.headers.get('location') ?? '', 'http://x/uploads').pathname;
    const last = await patch(path, 30, mp4().subarray(30), { 'upload-length': '100' });
    expect(last.status).toBe(204);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'uploaded', bytes: 100 });
  });

  test('goes on behind what came, where the connection broke', async () => {
    const listening = await serve({ fetch: vms.app.fetch as never, host: '127.0.0.1', port: 0 });
    try {
      const path = await begin(UPLOAD_LIMIT);
      const file = mp4(UPLOAD_LIMIT);
      const cut = new AbortController();
      const half = file.subarray(0, UPLOAD_LIMIT / 2);
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(half)),
      });
      const broken = fetch(`${listening.url}${path}`, {
        method: 'PATCH',
        headers: {
          ...tus,
          ...owner,
          'content-type': 'application/offset+octet-stream',
          'upload-offset': '0',
        },
        body,
        duplex: 'half',
        signal: cut.signal,
      } as RequestInit);
      const file0 = join(driver.folders.resumable, path.replace('/uploads/', ''));
      await expect.poll(() => (existsSync(file0) ? readFileSync(file0).length : 0)).toBe(half.length);
      cut.abort();
      await expect(broken).rejects.toThrow();
      const offset = Number(await offsetOf(path));
      expect(offset).toBe(half.length);
      expect((await patch(path, offset, file.subarray(offset))).status).toBe(204);
      const [job] = await outbox();
      expect(readFileSync(driver.folders.upload(job?.id ?? '')).equals(file)).toBe(true);
      expect(driver.said).toEqual([]);
    } finally {
      await listening.close(0);
    }
  });

  test('is taken over from a request that still waits for bytes', async () => {
    const path = await begin();
    const stalled = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(mp4().subarray(0, 20))),
    });
    const first = vms.app.request(path, {
      method: 'PATCH',
      headers: { ...tus, ...owner, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
      body: stalled,
      duplex: 'half',
    } as RequestInit);
    await expect.poll(() => offsetOf(path)).toBe('20');
    const second = patch(path, 20, mp4().subarray(20));
    expect([(await first).status, (await second).status]).toEqual([204, 204]);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'uploaded' });
  });

  test('is not written to by two replicas at a time', async () => {
    const path = await begin();
    await driver.store.transact([
      { key: `lease/upload/${path.replace('/uploads/', '')}`, value: 'other', version: 0 },
    ]);
    let time = 0;
    vms = driver.vms({
      monotonic: () => time,
      pause: async (ms) => {
        time += ms;
      },
    });
    const answer = await patch(path, 0, mp4());
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([423, '2']);
    vms = driver.vms({ replica: 'other' });
    expect(await offsetOf(path)).toBe('0');
  });

  test('is taken by the next HEAD where all came, and the store was down', async () => {
    const path = await begin();
    let down = true;
    const store = Object.assign(Object.create(driver.store) as typeof driver.store, {
      transact: (writes: Parameters<typeof driver.store.transact>[0]) =>
        down && writes.some(({ key }) => key.startsWith('outbox/'))
          ? Promise.reject(new StoreError('Unavailable', 'the store is down'))
          : driver.store.transact(writes),
    });
    vms = driver.vms({ store });
    expect((await patch(path, 0, mp4())).status).toBe(503);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'waitingUpload' });
    down = false;
    expect(await offsetOf(path)).toBe('100');
    expect(await driver.directory.video('v')).toMatchObject({ state: 'uploaded', bytes: 100 });
    expect(await outbox()).toHaveLength(1);
  });

  describe.each<[string, () => Promise<Response>, number, RegExp]>([
    ['without the version', () => create(100, { ...named('v'), 'tus-resumable': '' }), 412, /Tus-Resumable/],
    ['without a video', () => create(100, {}), 400, /Upload-Metadata: video/],
    ['for a video that is not there', () => create(100, named('nobody')), 400, /there is no video nobody/],
    ['with a path for a video', () => create(100, named('../../x')), 400, /Upload-Metadata: video/],
    [
      'with metadata that cannot be read',
      () => create(100, { 'upload-metadata': 'video !' }),
      400,
      /Upload-Metadata/,
    ],
    ['without a length', () => create(null), 400, /length/i],
    ['that is too long', () => create(UPLOAD_LIMIT + 1), 413, /size/i],
    [
      'of somebody else',
      () => create(100, { ...named('v'), ...basic(bob.email, bob.password) }),
      403,
      /not yours/,
    ],
    ['by nobody', () => create(100, { ...named('v'), authorization: '' }), 401, /log in/],
    ['that there is not', () => head('/uploads/v.none'), 404, /^$/],
    [
      'with a name that leads elsewhere',
      () => patch('/uploads/..%5C..%5Cx', 0, mp4()),
      404,
      /no such upload/,
    ],
    ['by a GET', () => ask('/uploads/v.x'), 405, /HEAD/],
  ])('is refused %s', (_, request, status, why) => {
    test(`with ${status}, and nothing is left of it`, async () => {
      const answer = await request();
      expect(answer.status).toBe(status);
      expect(status === 404 && !answer.body ? '' : await detail(answer)).toMatch(why);
      expect(left()).toEqual([]);
    });
  });

  test.each<[string, (path: string) => Promise<Response>, number]>([
    ['at another offset', (path) => patch(path, 7, mp4()), 409],
    ['of another type', (path) => patch(path, 0, mp4(), { 'content-type': 'video/mp4' }), 400],
    ['that is longer than was said', (path) => patch(path, 0, mp4(101)), 413],
    ['by somebody else', (path) => patch(path, 0, mp4(), basic(bob.email, bob.password)), 403],
  ])('takes no part %s', async (_, request, status) => {
    const path = await begin();
    const answer = await request(path);
    expect(answer.status).toBe(status);
    await detail(answer);
    expect(await offsetOf(path)).toBe('0');
    expect(await outbox()).toEqual([]);
  });

  test.each([
    ['is no mp4', Buffer.alloc(100, 'x'), 100],
    ['is no mp4, as the first of its bytes say', Buffer.alloc(50, 'x'), 100],
    ['is too short for one', Buffer.from('\0\0\0\x08'), 4],
  ])('is refused, and removed, where it %s', async (_, bytes, length) => {
    const path = await begin(length);
    const answer = await patch(path, 0, bytes);
    expect([answer.status, await detail(answer)]).toEqual([415, 'the file is no mp4']);
    expect((await head(path)).status).toBe(404);
    expect(await driver.directory.video('v')).toMatchObject({ state: 'waitingUpload' });
  });

  test('is one for each video: the next one begins anew', async () => {
    const first = await begin();
    // One that is refused takes nothing away.
    expect((await create(null)).status).toBe(400);
    expect(await offsetOf(first)).toBe('0');
    const second = await begin();
    expect((await head(first)).status).toBe(404);
    expect(await offsetOf(second)).toBe('0');
  });

  test('may be given up', async () => {
    const path = await begin();
    await patch(path, 0, mp4().subarray(0, 50));
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
    expect((await head(path)).status).toBe(404);
    expect(left()).toEqual([]);
  });

  test('is no longer taken where the video has its file from another one', async () => {
    const path = await begin();
    await driver.directory.change('v', (one) => ({ ...one, state: 'uploaded', upload: 'other' }));
    const answer = await patch(path, 0, mp4());
    expect(answer.status).toBe(409);
    expect(await outbox()).toEqual([]);
  });

  test('counts to what its owner may have stored', async () => {
    vms = driver.vms({ most: { ...noLimits, bytes: 150 } });
    expect((await create(151)).status).toBe(409);
    const path = await begin(100);
    expect((await patch(path, 0, mp4())).status).toBe(204);
    await add({ id: 'w', name: 'Other', state: 'waitingUpload', upload: null });
    expect((await create(100, named('w'))).status).toBe(409);
  });

  test('is swept once it does not go on', async () => {
    const path = await begin();
    const file = path.replace('/uploads/', '');
    const { directory, folders, lines } = driver;
    const at = (now: number) =>
      sweep({
        ...{ directory, folders, lines, clock: () => now, sweepAfter: 1, giveUpAfter: DAY },
        ...{ abandonAfter: DAY, keepFailed: DAY },
      });
    for (const name of left()) utimesSync(join(folders.resumable, name), NOW / 1000, NOW / 1000);
    await at(NOW + DAY - 1);
    expect(left()).toEqual([file, `${file}.json`].sort());
    await at(NOW + DAY + 1);
    expect(left()).toEqual([]);
  });

  test('tells what it speaks', async () => {
    const answer = await vms.app.request('/uploads', { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('tus-extension')).toContain('creation');
    expect(answer.headers.get('tus-max-size')).toBe(String(UPLOAD_LIMIT));
  });
});
