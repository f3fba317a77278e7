import { Validator } from '@seriousme/openapi-schema-validator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogError } from '../../platform/log/event-log.js';
import { type ApiDocument, Contract, operationsOf } from '../../test/api-contract.js';
import { ada, basic, Driver, json, mp4, video } from './driver.fixture.js';
import { routeOf } from './routes.js';
import { noLimits } from './usage.js';
import type { Vms } from './vms.js';

/** What hono serves by a GET, which it refuses, is the HEAD of an upload. */
const verbOf = (method: string, path: string): string =>
  method === 'GET' && path === '/uploads/:id' ? 'head' : method.toLowerCase();
const owner = basic(ada.email, ada.password);

/** The first bytes of an upload that is broken off. */
const tus = (method: string, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: {
    ...{ 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' },
    ...{ ...owner, ...headers },
  },
  ...(method === 'PATCH' ? { body: new Uint8Array(mp4().subarray(0, 50)) } : {}),
});
const named = { 'upload-metadata': `video ${Buffer.from('waits').toString('base64')}` };

describe('the OpenAPI document', () => {
  let driver: Driver;
  let vms: Vms;
  let document: ApiDocument;
  beforeEach(async () => {
    driver = await Driver.open();
    vms = driver.vms({ most: { ...noLimits, videos: 3 } });
    document = (await (await vms.app.request('/openapi.json')).json()) as ApiDocument;
  });
  afterEach(() => driver[Symbol.asyncDispose]());

  test('is one of version 3.1', async () => {
    const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
    expect([valid, errors]).toEqual([true, undefined]);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('has every route that there is, and no other', () => {
    const served = vms.app.routes.flatMap(({ method, path }) =>
      method === 'ALL' ? [] : [`${verbOf(method, path)} ${path.replace(/:(\w+)/g, '{$1}')}`],
    );
    const described = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
    expect(described.length).toBeGreaterThan(10);
    expect(described.sort()).toEqual([...new Set(served)].sort());
  });

  test('is what metrics call each route by', () => {
    for (const { method, path } of operationsOf(document)) {
      const asked = path.replace(/\{\w+\}/g, 'some-id');
      expect(routeOf(method.toUpperCase(), asked)).toBe(path.replace(/\{(\w+)\}/g, ':$1'));
    }
    expect(routeOf('PUT', '/videos')).toBe('unmatched');
  });

  test('names every operation once, each part of a path, and the login where there is one', () => {
    const all = operationsOf(document);
    expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
    for (const { path, operation } of all) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(named.map(({ name }) => name)).toEqual(parts);
      expect([operation.operationId, operation.security !== undefined]).toEqual([
        operation.operationId,
        '401' in operation.responses,
      ]);
    }
    expect(document.components.securitySchemes).toMatchObject({ basic: { type: 'http', scheme: 'basic' } });
  });

  /** A request, its status, and the route that it is of. */
  type Case = readonly [route: string, path: string, init: RequestInit, status: number];
  const form = (content: Buffer): FormData => {
    const data = new FormData();
    data.append('file', new Blob([new Uint8Array(content)]), 'film.mp4');
    return data;
  };
  const post = (headers: Record<string, string> = owner, body: FormData | null = null): RequestInit => ({
    ...{ method: 'POST', headers, body },
  });
  const create = (name: string, headers = owner): RequestInit => json({ name, author: 'a' }, headers);
  const gone = { method: 'DELETE', headers: owner };
  const cases: readonly Case[] = [
    ['/users/register', '/users/register', json(ada), 201],
    ['/users/register', '/users/register', json(ada), 409],
    ['/users/register', '/users/register', json({ ...ada, email: 'no' }), 400],
    ['/users/register', '/users/register', { method: 'POST', body: 'x' }, 415],
    ['/users/register', '/users/register', json('x'.repeat(70_000)), 413],
    ['/users', '/users', {}, 200],
    ['/users', '/users?limit=0', {}, 400],
    ['/videos', '/videos', create('v'), 201],
    ['/videos', '/videos', create('v'), 409],
    ['/videos', '/videos', create('v', {}), 401],
    ['/videos', '/videos', json({}, owner), 400],
    ['/videos', '/videos', {}, 200],
    ['/videos', '/videos?limit=1&owner=id-1', {}, 200],
    ['/videos', '/videos?state=none', {}, 400],
    ['/videos/{id}', '/videos/id-3', {}, 404],
    ['/videos/{id}', '/videos/done', {}, 301],
    ['/videos/{id}', '/videos/id-3', post(owner, form(Buffer.from('no film'))), 415],
    ['/videos/{id}', '/videos/id-3', post(owner, form(mp4())), 202],
    ['/videos/{id}', '/videos/id-3', post(owner, form(mp4())), 409],
    ['/videos/{id}', '/videos/none', post(owner, form(mp4())), 400],
    ['/videos/{id}', '/videos/done', post(owner, form(mp4())), 403],
    ['/videos/{id}', '/videos/id-3', post({}, form(mp4())), 401],
    ['/videos/{id}/status', '/videos/id-3/status', {}, 200],
    ['/videos/{id}/status', '/videos/failed/status', {}, 200],
    ['/videos/{id}/status', '/videos/none/status', {}, 404],
    ['/videos/{id}/retry', '/videos/id-3/retry', post(), 409],
    ['/videos/{id}/retry', '/videos/failed/retry', post(), 403],
    ['/videos/{id}/retry', '/videos/none/retry', post(), 404],
    ['/videos/{id}/retry', '/videos/none/retry', post({}), 401],
    ['/videos/{id}', '/videos/id-3', gone, 204],
    ['/videos/{id}', '/videos/id-3', gone, 404],
    ['/videos/{id}', '/videos/done', gone, 403],
    ['/videos/{id}', '/videos/done', { method: 'DELETE' }, 401],
    ['/uploads', '/uploads', { method: 'OPTIONS' }, 204],
    ['/uploads', '/uploads', tus('POST', { 'upload-length': '100', ...named }), 201],
    ['/uploads', '/uploads', tus('POST', named), 400],
    ['/uploads', '/uploads', tus('POST', { 'upload-length': '100', ...named, 'tus-resumable': '' }), 412],
    ['/uploads', '/uploads', tus('POST', { 'upload-length': '1000000000', ...named }), 413],
    ['/uploads/{id}', '/uploads/BEGUN', tus('HEAD'), 200],
    ['/uploads/{id}', '/uploads/none', tus('HEAD'), 404],
    ['/uploads/{id}', '/uploads/BEGUN', tus('PATCH', { 'upload-offset': '3' }), 409],
    ['/uploads/{id}', '/uploads/BEGUN', tus('PATCH', { 'upload-offset': '0' }), 204],
    ['/uploads/{id}', '/uploads/BEGUN', tus('DELETE'), 204],
    ['/uploads/{id}', '/uploads/BEGUN', tus('DELETE'), 404],
    ['/healthz', '/healthz', {}, 200],
    ['/readyz', '/readyz', {}, 200],
    ['/metrics', '/metrics', {}, 200],
    ['/openapi.json', '/openapi.json', {}, 200],
  ];

  test('says of every route what it answers', async () => {
    const done = { ...{ bytes: 4, owner: 'other' }, state: 'available' } as const;
    await driver.directory.addVideo(video({ id: 'done', name: 'done', ...done }));
    const why = { state: 'notAvailable', reason: 'no film' } as const;
    await driver.directory.addVideo(video({ id: 'failed', name: 'failed', owner: 'other', ...why }));
    const mine = { state: 'waitingUpload', upload: null, owner: 'id-1' } as const;
    await driver.directory.addVideo(video({ id: 'waits', name: 'waits', ...mine }));
    const contract = new Contract(document);
    let begun = '';
    for (const [route, template, init, status] of cases) {
      const path = template.replace('BEGUN', begun);
      const answer = await vms.app.request(path, init);
      expect([path, answer.status]).toEqual([path, status]);
      if (route === '/uploads') begun ||= answer.headers.get('location')?.replace('uploads/', '') ?? '';
      const one = { status, type: answer.headers.get('content-type') ?? '', body: await answer.text() };
      expect([path, contract.differs((init.method ?? 'GET').toLowerCase(), route, one)]).toEqual([path, '']);
      for (const name of [...answer.headers.keys()].filter((key) =>
        /^(?:link|location|retry-after)$/.test(key),
      ))
        expect(contract.headersOf((init.method ?? 'GET').toLowerCase(), route, status)).toContain(name);
    }
    const asked = new Set(cases.map(([route, , { method = 'GET' }]) => `${method.toLowerCase()} ${route}`));
    expect([...asked].sort()).toEqual(
      operationsOf(document)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  test.each([
    ['full', new LogError('NoSpace', 'the disk is full'), 507],
    ['down', new LogError('Unavailable', 'it is down', { retryable: true }), 503],
    ['broken', new Error('a bug'), 500],
  ])('says what is answered where the store is %s', async (_, error, status) => {
    driver.store.transact = () => Promise.reject(error);
    const answer = await vms.app.request('/users/register', json(ada));
    const one = { status, type: answer.headers.get('content-type') ?? '', body: await answer.text() };
    expect([answer.status, new Contract(document).differs('post', '/users/register', one)]).toEqual([
      status,
      '',
    ]);
  });
});
