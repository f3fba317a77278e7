import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogError } from '../../platform/log/event-log.js';
import { ada, basic, Driver, json } from './driver.fixture.js';
import type { Vms } from './vms.js';

describe('video management', () => {
  let driver: Driver;
  let app: Vms['app'];
  let metrics: Registry;
  beforeEach(async () => {
    driver = await Driver.open();
    metrics = new Registry();
    ({ app } = driver.vms({ registry: metrics }));
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  const call = async (path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> => {
    const answer = await app.request(path, init);
    return { status: answer.status, body: await answer.json() };
  };
  const register = (user: unknown = ada) => call('/users/register', json(user));

  test('registers a user once per address, whatever its case, and never shows a password', async () => {
    expect(await register()).toEqual({ status: 201, body: { id: 'id-1', name: 'Ada', email: ada.email } });
    expect(await register({ ...ada, name: 'Other', email: 'ADA@example.org' })).toEqual({
      status: 409,
      body: expect.objectContaining({ status: 409, detail: 'ADA@example.org is registered already' }),
    });
    expect(await call('/users')).toEqual({ status: 200, body: [{ id: 'id-1', name: 'Ada' }] });
  });

  test('lets one of many win who register the same address at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => register()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test('announces a video of the one who is logged in, once per name', async () => {
    await register();
    const headers = basic('Ada@example.org', ada.password);
    const video = { name: 'Tides', author: 'Ada' };
    expect(await call('/videos', json(video, headers))).toEqual({
      status: 201,
      body: {
        id: 'id-2',
        ...video,
        owner: 'id-1',
        state: 'waitingUpload',
        progress: 0,
        reason: null,
        createdAt: '2023-11-14T22:13:20.000Z',
      },
    });
    expect((await call('/videos', json(video, headers))).status).toBe(409);
    await register({ ...ada, email: 'bob@example.org' });
    expect((await call('/videos', json(video, basic('bob@example.org', ada.password)))).status).toBe(201);
    expect((await call('/videos')).body).toHaveLength(2);
    expect((await call('/videos/id-2')).status).toBe(404);
  });

  test.each([
    ['without credentials', {}],
    ['with a wrong password', basic(ada.email, 'wrong')],
    ['as somebody unknown', basic('nobody@example.org', 'x')],
    ['with no colon', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }],
    ['with another scheme', { authorization: 'Bearer x' }],
  ])('refuses a video %s', async (_, headers) => {
    await register();
    const answer = await app.request('/videos', json({ name: 'v', author: 'a' }, headers));
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="videos"']);
  });

  test.each<[string, RequestInit, number, string]>([
    ['another type', { method: 'POST', body: 'name=x' }, 415, 'send JSON'],
    ['no JSON', json('{'), 400, 'the body is no JSON'],
    ['a missing field', json({ name: 'x', email: 'a@b.org' }), 400, 'password'],
    ['no address', json({ ...ada, email: 'nowhere' }), 400, 'email'],
    ['an empty name', json({ ...ada, name: '  ' }), 400, 'name'],
    ['a name of two lines', json({ ...ada, name: 'a\r\nb' }), 400, 'name: holds control characters'],
    ['a name that rings', json({ ...ada, name: 'a\u0007' }), 400, 'name: holds control characters'],
    ['half a letter for a name', json({ ...ada, name: '\ud800' }), 400, 'name: holds control characters'],
    ['too long a body', json({ ...ada, name: 'x'.repeat(70_000) }), 413, '65536 bytes'],
  ])('refuses %s by saying what is wrong', async (_, init, status, detail) => {
    const answer = await app.request('/users/register', init);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(((await answer.json()) as { detail: string }).detail).toContain(detail);
  });

  test.each([
    ['PUT', '/videos', 'POST, GET, HEAD'],
    ['PATCH', '/videos/v', 'GET, HEAD, POST, DELETE'],
    ['GET', '/users/register', 'POST'],
    ['DELETE', '/uploads', 'OPTIONS, POST'],
  ])('says which methods a path has where %s %s is none of them', async (method, path, allow) => {
    const answer = await app.request(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(await answer.json()).toMatchObject({ detail: `${method} is not for here: ask with ${allow}` });
    expect((await call('/nothing', { method })).status).toBe(404);
  });

  test('says that there is no room left, without a path of ours', async () => {
    const full = new LogError('NoSpace', 'no room in /data: the disk is full');
    driver.store.transact = () => Promise.reject(full);
    const answer = await app.request('/users/register', json(ada));
    expect([answer.status, await answer.text()]).toEqual([507, expect.not.stringContaining('/data')]);
    expect(driver.said).toEqual([expect.stringContaining('no room in /data')]);
  });

  test('counts its requests by route', async () => {
    await call('/videos/id-9');
    await call('/videos/id-8');
    await call('/nowhere');
    const text = await metrics.metrics();
    expect(text).toContain(
      'http_requests_total{service="vms",route="/videos/:id",method="GET",status="404"} 2',
    );
    expect(text).toContain(
      'http_requests_total{service="vms",route="unmatched",method="GET",status="404"} 1',
    );
  });
});
