import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VideoEvent } from '../../schemas/types.js';
import { eventOutput } from '../jobs/topics.js';
import { ada, basic, Driver, json, mp4, NOW } from './driver.fixture.js';
import { noLimits } from './usage.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const asked = { 'x-request-id': 'r-1', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
const login = basic(ada.email, ada.password);
const owner = { ...login, ...asked };

describe('what is asked of video management', () => {
  let driver: Driver;
  beforeEach(async () => {
    driver = await Driver.open();
  });
  afterEach(() => driver[Symbol.asyncDispose]());
  const film = (content = mp4(50)): RequestInit => {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(content)]), 'film.mp4');
    return { method: 'POST', headers: owner, body };
  };

  test('is told line by line, for the audit too, without a password', async () => {
    const { app } = driver.vms({ most: { ...noLimits, videos: 1 } });
    const audit = async (path: string, init: RequestInit): Promise<unknown> => {
      driver.told.length = 0;
      await app.request(path, init);
      const common = { component: 'vms', requestId: 'r-1', traceId: TRACE, ms: expect.any(Number) };
      const request = { ...common, message: 'request', method: init.method, status: expect.any(Number) };
      expect(driver.told).toEqual([
        expect.objectContaining({ ...common, audit: true, status: driver.told[1]?.status }),
        expect.objectContaining(request),
      ]);
      const line = Object.entries(driver.told[0] ?? {}).filter(
        ([key]) => !(key in common) && key !== 'audit',
      );
      return Object.fromEntries(line);
    };
    const create = (name: string): RequestInit => json({ name, author: 'a' }, owner);
    const id = 'id-2';
    expect(await audit('/users/register', json(ada, asked))).toEqual({
      ...{ action: 'register', user: 'id-1', video: null, status: 201, message: 'register done' },
    });
    const wrong = { ...basic(ada.email, 'a password'), ...asked };
    expect(await audit('/videos', json({}, wrong))).toEqual({
      ...{ action: 'login', user: 'id-1', video: null, status: 401, message: 'login refused' },
      reason: 'log in with your e-mail address and password',
    });
    expect(await audit('/videos', create('v'))).toEqual({
      ...{ action: 'create', user: 'id-1', video: id, status: 201, message: 'create done' },
    });
    expect(await audit('/videos', create('w'))).toEqual({
      ...{ action: 'create', user: 'id-1', video: null, status: 409, message: 'create refused' },
      ...{ limit: 'videos', reason: 'you have 1 videos, and may have 1: delete one first' },
    });
    const text = film(Buffer.from('no film at all'));
    const sent = { ...text, headers: { ...owner, 'content-length': '7' } };
    expect(await audit(`/videos/${id}`, sent)).toEqual({
      ...{ action: 'upload', user: 'id-1', video: id, status: 415, message: 'upload refused' },
      ...{ bytes: 7, reason: 'the file is no mp4' },
    });
    expect(await audit(`/videos/${id}`, film())).toEqual({
      ...{ action: 'upload', user: 'id-1', video: id, status: 202, message: 'upload done', bytes: 50 },
    });
    expect(await audit(`/videos/${id}/retry`, { method: 'POST', headers: owner })).toEqual({
      ...{ action: 'retry', user: 'id-1', video: id, status: 409, message: 'retry refused' },
      reason: 'the video is uploaded: only one that is notAvailable is tried again',
    });
    expect(await audit(`/videos/${id}`, { method: 'DELETE', headers: owner })).toEqual({
      ...{ action: 'delete', user: 'id-1', video: id, status: 204, message: 'delete done' },
    });
  });

  test('never shows a password, nor what it is sent as', async () => {
    const { app } = driver.vms();
    await app.request('/users/register', json(ada));
    for (const headers of [owner, basic(ada.email, 'mistyped'), basic('mistyped@as.mail', ada.password)]) {
      await app.request('/videos', json({ name: 'v', author: 'a' }, headers));
      await app.request('/videos/none', { method: 'DELETE', headers });
    }
    const text = JSON.stringify([driver.told, driver.said]);
    for (const secret of [ada.password, 'mistyped', login.authorization?.slice(6)])
      expect(text).not.toContain(secret);
    expect(driver.told.length).toBeGreaterThan(10);
  });

  test.each([
    ['r-1', 'r-1'],
    [undefined, 'made'],
    ['no id', 'made'],
    ['x'.repeat(129), 'made'],
  ])('of the id %s is answered and told as %s', async (given, expected) => {
    const { app } = driver.vms();
    const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given };
    for (const [path, status] of [
      ['/videos', 200],
      ['/videos/none/status', 404],
      ['/nowhere', 404],
    ] as const) {
      const answer = await app.request(path, { headers });
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, expected]);
      expect(driver.told.at(-1)).toMatchObject({ requestId: expected, status, traceId: null });
    }
    expect(driver.told.map(({ route }) => route)).toEqual(['/videos', '/videos/:id/status', 'unmatched']);
  });

  test('by machines, again and again, is not told', async () => {
    const { app } = driver.vms();
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect((await app.request(path)).status).toBe(200);
    expect(driver.told).toEqual([]);
  });

  test('goes on in the lines of its job and its events', async () => {
    const vms = driver.vms();
    await vms.app.request('/users/register', json(ada));
    await vms.app.request('/videos', json({ name: 'v', author: 'a' }, owner));
    await vms.app.request('/videos/id-2', film());
    await vms.start();
    const told = (message: string) => driver.told.filter((line) => line.message === message);
    await expect.poll(() => told('job queued')).toHaveLength(1);
    const upload = (await driver.directory.video('id-2'))?.upload ?? '';
    const job = `id-2.${upload}`;
    const common = { component: 'vms', requestId: 'r-1', traceId: TRACE, video: 'id-2', job };
    expect(told('job queued')).toEqual([{ ...common, message: 'job queued' }]);
    const event: VideoEvent = {
      ...{ kind: 'processed', job, video: 'id-2', upload, at: NOW, progress: 1, reason: null },
      ...{ requestId: 'r-1', traceparent: asked.traceparent },
    };
    for (let i = 0; i < 2; i++) await driver.log.append(eventOutput(driver.codec, event, 1));
    const after = { ...event, job: 'id-2.other', upload: 'other' };
    await driver.log.append(eventOutput(driver.codec, after, 1));
    await expect
      .poll(() => told('event applied'))
      .toEqual([{ ...common, kind: 'processed', progress: 1, state: 'available', message: 'event applied' }]);
    await vms.stop();
    expect(told('event applied')).toHaveLength(1);
  });
});
