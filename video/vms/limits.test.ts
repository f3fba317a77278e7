import { readdirSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ada, basic, Driver, json, mp4, UPLOAD_LIMIT, video } from './driver.fixture.js';
import { Passwords } from './passwords.js';
import type { Video } from './records.js';
import { noLimits, type UserLimits } from './usage.js';
import type { Vms } from './vms.js';

const owner = basic(ada.email, ada.password);
const MOST = 1_000;

describe('what a user may have', () => {
  let driver: Driver;
  let passwordHash = '';
  beforeAll(async () => {
    passwordHash = await new Passwords(() => 0).hash(ada.password);
  });
  beforeEach(async () => {
    driver = await Driver.open();
    await driver.directory.addUser({ id: 'u', name: ada.name, email: ada.email, passwordHash });
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const open = (most: Partial<UserLimits>): Vms['app'] => driver.vms({ most: { ...noLimits, ...most } }).app;
  const create = async (app: Vms['app'], name: string): Promise<number> =>
    (await app.request('/videos', json({ name, author: 'a' }, owner))).status;
  const waiting = async (id: string, more: Partial<Video> = {}): Promise<unknown> => {
    const fresh = { state: 'waitingUpload', upload: null, uploadedAt: null } as const;
    return driver.directory.addVideo(video({ id, name: id, ...fresh, ...more }));
  };
  const upload = async (
    app: Vms['app'],
    id: string,
    size: number,
  ): Promise<[number, string, string | null]> => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(mp4(size))]), 'film.mp4');
    const answer = await app.request(`/videos/${id}`, { method: 'POST', headers: owner, body });
    const { detail = '' } = (await answer.json()) as { detail?: string };
    return [answer.status, detail, answer.headers.get('retry-after')];
  };
  const usage = () => driver.directory.usages.of('u');
  const files = (): number =>
    [driver.folders.incoming, driver.folders.uploads].flatMap((folder) => readdirSync(folder)).length;

  test('is so many videos, also where many are created at once; one that is deleted makes room', async () => {
    const app = open({ videos: 3 });
    const statuses = await Promise.all(Array.from({ length: 8 }, (_, i) => create(app, `v${i}`)));
    expect(statuses.sort()).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    const answer = await app.request('/videos', json({ name: 'more', author: 'a' }, owner));
    expect(((await answer.json()) as { detail: string }).detail).toBe(
      'you have 3 videos, and may have 3: delete one first',
    );
    const [one] = (await driver.directory.videos({ after: '', limit: 1 })).items;
    expect((await app.request(`/videos/${one?.id}`, { method: 'DELETE', headers: owner })).status).toBe(204);
    expect(await create(app, 'more')).toBe(201);
    expect(await usage()).toEqual({ videos: 3, bytes: 0 });
  });

  test.each([
    [MOST - 20, 20, 202],
    [MOST - 20, 21, 409],
    [MOST, 20, 409],
    [0, MOST, 202],
    [0, MOST + 1, 409],
  ])('is so many bytes: with %i stored, %i more are answered with %i', async (stored, size, status) => {
    await driver.directory.addVideo(video({ id: 'w', name: 'w', state: 'available', bytes: stored }));
    await waiting('v');
    const [got, detail] = await upload(open({ bytes: MOST }), 'v', size);
    expect([got, files()]).toEqual([status, status === 202 ? 1 : 0]);
    if (status === 409) expect(detail).toContain(`you have ${stored} bytes stored, and may have ${MOST}:`);
    expect((await usage()).bytes).toBe(stored + (status === 202 ? size : 0));
  });

  test('is so many bytes, also where several files come at once', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await waiting(id);
    const app = open({ bytes: MOST });
    const answers = await Promise.all(ids.map((id) => upload(app, id, MOST / 2)));
    expect(answers.map(([status]) => status).sort()).toEqual([202, 202, 409, 409]);
    expect([await usage(), files()]).toEqual([{ videos: 4, bytes: MOST }, 2]);
  });

  test('counts a file in the place of another by what it is larger', async () => {
    await driver.directory.addVideo(video({ state: 'notAvailable', bytes: MOST }));
    expect((await upload(open({ bytes: MOST }), 'v', MOST - 1))[0]).toBe(202);
    expect(await usage()).toEqual({ videos: 1, bytes: MOST - 1 });
  });

  test('leaves the greatest upload what it is', async () => {
    await waiting('v');
    const [status, detail] = await upload(open({ bytes: 2 * UPLOAD_LIMIT }), 'v', UPLOAD_LIMIT + 1);
    expect([status, detail]).toEqual([413, `the file may have ${UPLOAD_LIMIT} bytes at most`]);
  });

  test('is so many uploads at a time; the next one is taken when one has ended', async () => {
    await waiting('v');
    await waiting('w');
    const app = open({ uploads: 1 });
    let end = (): void => undefined;
    const held = new ReadableStream<Uint8Array>({
      start: (controller) => {
        end = () => controller.close();
      },
    });
    const headers = { ...owner, 'content-type': 'multipart/form-data; boundary=x' };
    const init = { method: 'POST', headers, body: held, duplex: 'half' } as RequestInit;
    const first = app.request('/videos/v', init);
    await expect.poll(files).toBe(1);
    expect(await upload(app, 'w', 50)).toEqual([429, expect.stringContaining('you upload 1 files'), '10']);
    end();
    expect((await first).status).toBe(400);
    expect((await upload(app, 'w', 50))[0]).toBe(202);
  });

  test('is so many wrong logins of one client, also where all come by one proxy', async () => {
    const app = open({});
    const ask = async (password: string, client: string): Promise<number> => {
      const headers = { 'x-real-ip': client, 'x-forwarded-for': `${client}, 10.0.0.1` };
      const init = json({ name: password, author: 'a' }, { ...headers, ...basic(ada.email, password) });
      return (await app.request('/videos', init)).status;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => ask(`guess ${i}`, '1.1.1.1')));
    expect([await ask('guess', '1.1.1.1'), await ask(ada.password, '2.2.2.2')]).toEqual([429, 201]);
  });

  test('is known of videos that were there before anything was counted', async () => {
    const old = (id: string) => {
      const { endedAt: _, bytes: __, encoding: ___, ...rest } = video({ id, name: id, state: 'available' });
      return { key: `video/${id}`, value: JSON.stringify(rest) };
    };
    await driver.store.transact(['a', 'b'].map(old));
    const vms = driver.vms({ most: { ...noLimits, videos: 3 } });
    await vms.start();
    const owned = await vms.app.request('/videos?owner=u');
    expect(((await owned.json()) as Video[]).map(({ id }) => id)).toEqual(['a', 'b']);
    expect([await create(vms.app, 'c'), await create(vms.app, 'd')]).toEqual([201, 409]);
    await vms.stop();
    // Not done twice: a video that was removed meanwhile does not come back.
    await driver.directory.remove('a', () => true);
    await driver.directory.listOwners();
    expect((await driver.directory.videos({ owner: 'u', after: '', limit: 9 })).items).toHaveLength(2);
    expect(await usage()).toEqual({ videos: 2, bytes: 0 });
  });
});
