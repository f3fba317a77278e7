import { join } from 'node:path';
import type { Hono } from 'hono';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { openEnvironment } from '../../platform/lmdb/environment.js';
import { LogError } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import { type Store, StoreError } from '../../platform/store/store.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { Folders } from '../jobs/folders.js';
import { createVms } from './vms.js';

const ada = { name: 'Ada', email: 'ada@example.org', password: 'secret: with colon' };
const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const basic = (email: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
});

describe('video management', () => {
  let app: Hono;
  let close: () => Promise<void>;
  const registry = (): Registry => metrics;
  let metrics: Registry;
  /** What the store rejects with, if anything. */
  let failure: Error | null = null;
  const failing = (store: Store): Store => {
    const or = <T>(work: () => Promise<T>): Promise<T> => (failure ? Promise.reject(failure) : work());
    return {
      ...store,
      get: (key) => or(() => store.get(key)),
      list: (...args) => or(() => store.list(...args)),
      transact: (writes) => or(() => store.transact(writes)),
    };
  };

  beforeEach(() => {
    const folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    metrics = new Registry();
    failure = null;
    let ids = 0;
    const vms = createVms({
      store: failing(lmdbStore(environment)),
      log: lmdbLog(environment),
      codec: embeddedCodec(),
      folders: new Folders(join(folder.path, 'videos')),
      registry: metrics,
      uploadLimit: 1_000_000,
      sweepAfter: 60_000,
      clock: () => 1_700_000_000_000,
      monotonic: () => performance.now(),
      newId: () => `id-${++ids}`,
      replica: 'one',
      pause,
      warn: () => undefined,
    });
    app = vms.app;
    close = async () => {
      await environment.close();
      folder[Symbol.dispose]();
    };
  });
  afterEach(() => close());

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
    ['too long a body', json({ ...ada, name: 'x'.repeat(70_000) }), 413, '65536 bytes'],
  ])('refuses %s by saying what is wrong', async (_, init, status, detail) => {
    const answer = await app.request('/users/register', init);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(((await answer.json()) as { detail: string }).detail).toContain(detail);
  });

  test.each<[string, RequestInit?]>([
    ['/readyz'],
    ['/users'],
    ['/videos'],
    ['/videos/id-1/status'],
    ['/users/register', json(ada)],
    ['/videos', json({ name: 'v', author: 'a' }, basic(ada.email, ada.password))],
    ['/videos/id-1', { method: 'POST', headers: basic(ada.email, ada.password) }],
  ])('says of %s when to try again while the store is down or has no room', async (path, init) => {
    for (const error of [
      new StoreError('Unavailable', 'reading: Redis cannot be reached'),
      new LogError('NoSpace', 'no room', { retryable: true }),
    ]) {
      failure = error;
      const answer = await app.request(path, init);
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([
        503,
        '2',
        'application/problem+json',
      ]);
      expect(((await answer.json()) as { detail: string }).detail).toBe(error.message);
    }
    expect((await app.request('/healthz')).status).toBe(200);
  });

  test('keeps to itself what went wrong for good', async () => {
    failure = new StoreError('Refused', 'Redis refuses: WRONGTYPE');
    const { status, body } = await call('/users');
    expect([status, body]).toEqual([
      500,
      expect.objectContaining({ detail: 'something went wrong on our side' }),
    ]);
  });

  test('counts its requests by route', async () => {
    await call('/videos/id-9');
    await call('/videos/id-8');
    await call('/nowhere');
    const text = await registry().metrics();
    expect(text).toContain(
      'http_requests_total{service="vms",route="/videos/:id",method="GET",status="404"} 2',
    );
    expect(text).toContain(
      'http_requests_total{service="vms",route="unmatched",method="GET",status="404"} 1',
    );
  });
});
