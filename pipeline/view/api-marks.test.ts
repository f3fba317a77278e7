import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import { type Environment, openEnvironment } from '../../platform/lmdb/environment.js';
import type { EventLog } from '../../platform/log/event-log.js';
import { lmdbLog } from '../../platform/log/lmdb/log.js';
import { lmdbStore } from '../../platform/store/lmdb/store.js';
import { type Store, StoreError } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { temporaryFolder } from '../../test/tidemark.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import type { Silence, SilenceState } from '../model/marks.js';
import type { Access } from './guard.js';
import { createView, type View } from './view.js';

const codec = embeddedCodec();
const HOUR = 3_600_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const a = { match: '{route="/a"}', by: 'ada', why: 'deploying', until: '4h' };
const onIt = { by: 'bo', why: 'on it' };

type Said = Silence & { readonly state: SilenceState };
interface Page {
  readonly transitions: readonly AlertRecord[];
}

describe('marks over HTTP', () => {
  let environment: Environment;
  let log: EventLog;
  let store: Store;
  let view: View;
  let now = NOW;
  let folder: ReturnType<typeof temporaryFolder>;
  let down = false;

  const opened = async (access: Access = { kind: 'open' }): Promise<View> => {
    const one = createView({
      ...{ log, codec, access, store, retention: 24 * HOUR, pause },
      ...{ clock: () => now, monotonic: () => performance.now(), warn: () => undefined },
      onFatal: (error) => expect.unreachable(String(error)),
    });
    await one.start();
    return one;
  };

  beforeEach(async () => {
    folder = temporaryFolder();
    [now, down] = [NOW, false];
    environment = openEnvironment({ path: folder.path, mode: 'write' });
    log = lmdbLog(environment, { clock: () => now });
    const kept = lmdbStore(environment, { clock: () => now });
    const list: Store['list'] = (...of) =>
      down ? Promise.reject(new StoreError('Unavailable', 'Redis cannot be reached')) : kept.list(...of);
    store = { ...kept, list };
    await log.createTopics(
      ['alerts', 'windows', 'metrics', 'rules'].map((name) => ({ name, partitions: 1, retentionMs: null })),
    );
    view = await opened();
  });
  afterEach(async () => {
    await view.close();
    await log.close();
    await environment.close();
    folder[Symbol.dispose]();
  });

  const happens = async (...alerts: readonly AlertRecord[]): Promise<void> => {
    const records = alerts.map((one) => ({ key: null, value: codec.encode('AlertRecord', one) }));
    await log.append({ topic: 'alerts', partition: 0, records });
    const last = alerts.at(-1);
    await expect
      .poll(async () => (await get<Page>('/history')).transitions.map(({ id }) => id))
      .toContain(last?.id);
  };
  const ask = async (
    method: string,
    path: string,
    { body, headers = JSON_TYPE, of = view }: { body?: unknown; headers?: Record<string, string>; of?: View },
  ): Promise<Response> =>
    of.app.request(`/api/v1${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const get = async <T = unknown>(path: string, of = view): Promise<T> =>
    (await (await of.app.request(`/api/v1${path}`)).json()) as T;
  const post = async (body: unknown, of = view): Promise<Said> =>
    (await (await ask('POST', '/silences', { body, of })).json()) as Said;
  /** Status, and what is said. */
  const answer = async (...of: Parameters<typeof ask>): Promise<[number, string]> => {
    const answered = await ask(...of);
    const text = await answered.text();
    return [answered.status, answered.status < 400 ? text : (JSON.parse(text) as { detail: string }).detail];
  };

  test('what fires with a greater severity inhibits the same, whatever is asked for, and hides none', async () => {
    const of = (severity: string, state: AlertRecord['state'], windowEnd = NOW): AlertRecord => ({
      ...alertOf('/a', state, windowEnd),
      ...{ id: `${severity} ${state}`, fingerprint: severity, severity },
      labels: { alertname: 'Slow', route: '/a', severity },
    });
    await happens(of('warning', 'pending'), of('critical', 'firing'));
    expect(await get('/marks')).toEqual({ warning: { inhibitedBy: ['critical'] } });
    expect(await get('/marks?severity=warning')).toEqual({ warning: { inhibitedBy: ['critical'] } });
    expect(await get('/marks?severity=critical')).toEqual({});
    expect(await get('/alerts')).toHaveLength(2);
    await happens(of('critical', 'resolved', NOW + 1));
    expect(await get('/marks')).toEqual({});
  });

  test('a silence marks alerts, hides none, and changes no record', async () => {
    await happens(alertOf('/a', 'firing'), alertOf('/b', 'pending'));
    const before = await get('/alerts');
    const made = await ask('POST', '/silences', { body: a });
    expect(made.status).toBe(201);
    const silence = (await made.json()) as Said;
    expect(silence).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      matchers: [{ label: 'route', operator: '=', value: '/a' }],
      ...{ match: '{route="/a"}', by: 'ada', why: 'deploying', state: 'active' },
      ...{ from: NOW, until: NOW + 4 * HOUR },
    });
    expect(await get('/silences')).toEqual([silence]);
    expect(await get('/marks')).toEqual({ '/a': { silencedBy: [silence.id] } });
    expect(await get('/marks?state=pending')).toEqual({});
    expect(await get('/alerts')).toEqual(before);
    now = NOW + 4 * HOUR;
    expect(await get('/silences')).toEqual([{ ...silence, state: 'expired' }]);
    expect(await get('/marks')).toEqual({});
  });

  test('a silence can be for later, and is ended at any time', async () => {
    const later = await post({ ...a, from: '1h' });
    now += 1;
    const first = await post(a);
    expect((await get<Said[]>('/silences')).map(({ id, state }) => [id, state])).toEqual([
      [later.id, 'pending'],
      [first.id, 'active'],
    ]);
    for (const { id } of [later, first, first])
      expect(await answer('DELETE', `/silences/${id}`, { headers: {} })).toEqual([204, '']);
    expect((await get<Said[]>('/silences')).map(({ state }) => state)).toEqual(['expired', 'expired']);
    expect(await answer('DELETE', '/silences/none', { headers: {} })).toEqual([
      404,
      'there is no silence none, or it ended long ago: see GET /api/v1/silences',
    ]);
  });

  test('an acknowledgement is of one alert, and ends with it', async () => {
    await happens(alertOf('/a', 'pending'), { ...alertOf('/a', 'firing', NOW + 1), startsAt: NOW });
    const path = '/alerts/%2Fa/acknowledgement';
    const [status, text] = await answer('PUT', path, { body: { ...onIt, startsAt: NOW } });
    const said = { fingerprint: '/a', startsAt: NOW, at: NOW, ...onIt, until: null };
    expect([status, JSON.parse(text)]).toEqual([201, said]);
    expect((await ask('PUT', path, { body: { ...onIt, by: 'cy' } })).status).toBe(200);
    expect(await get('/acknowledgements')).toEqual([{ ...said, by: 'cy' }]);
    expect(await get('/marks')).toEqual({ '/a': { acknowledgedBy: 'cy' } });

    await happens({ ...alertOf('/a', 'resolved', NOW + 2), startsAt: NOW });
    expect(await get('/acknowledgements')).toEqual([]);
    expect(await answer('PUT', path, { body: onIt })).toEqual([404, 'no alert /a is pending or firing']);
    await happens(alertOf('/a', 'firing', NOW + 3));
    expect(await get('/marks')).toEqual({});
    expect(await answer('DELETE', path, { headers: {} })).toEqual([404, 'alert /a is not acknowledged']);
    expect(await answer('PUT', path, { body: { ...onIt, startsAt: NOW } })).toEqual([
      409,
      `the alert that began at ${NOW} has ended: the one that is firing now began at ${NOW + 3}`,
    ]);
    expect((await ask('PUT', path, { body: { ...onIt, until: '1h' } })).status).toBe(201);
    expect(await get('/marks')).toEqual({ '/a': { acknowledgedBy: 'bo' } });
    now += HOUR;
    expect(await get('/marks')).toEqual({});
    expect((await ask('PUT', path, { body: onIt })).status).toBe(201);
    expect((await ask('DELETE', path, { headers: {} })).status).toBe(204);
    expect(await get('/acknowledgements')).toEqual([]);
  });

  test('marks are there in another view at once, and after a restart', async () => {
    await happens(alertOf('/a', 'firing'));
    const other = await opened();
    const { id } = await post(a, other);
    await ask('PUT', '/alerts/%2Fa/acknowledgement', { body: onIt });
    const marks = { '/a': { silencedBy: [id], acknowledgedBy: 'bo' } };
    expect(await get('/marks')).toEqual(marks);
    expect(await get('/marks', other)).toEqual(marks);
    await other.close();
    await view.close();
    view = await opened();
    expect(await get('/marks')).toEqual(marks);
  });

  test('a thousand silences are the most: the next one is told to end one', async () => {
    const one = await post(a);
    const more = Array.from({ length: 999 }, (_, i) => ({
      key: `marks/silence/${i}`,
      value: JSON.stringify({ ...one, id: String(i) }),
    }));
    await store.transact(more);
    now += 1;
    expect(await answer('POST', '/silences', { body: a })).toEqual([
      409,
      'there are 1000 silences that have not ended, the most that are kept: end one first',
    ]);
    await ask('DELETE', '/silences/7', { headers: {} });
    expect((await ask('POST', '/silences', { body: a })).status).toBe(201);
  });

  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['JSON that is none', '{', JSON_TYPE, 400, 'the body is no JSON: '],
    ['what is no silence', { ...a, by: '' }, JSON_TYPE, 400, 'by is missing: say who you are'],
    ['a body without a type', Buffer.from('{}'), {}, 415, 'say what it is: send JSON'],
    ['a long body', { ...a, why: 'x'.repeat(17_000) }, JSON_TYPE, 413, 'may have 16384 bytes at most'],
    ['a form', a, { 'content-type': 'text/plain' }, 415, '"text/plain" is not taken: send JSON'],
    ['a page of others', a, { ...JSON_TYPE, origin: 'https://evil.example' }, 403, 'another origin'],
    ['a site of others', a, { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, 403, 'another origin'],
  ])('refuses %s', async (_, body, headers, status, detail) => {
    const sent = body instanceof Buffer ? new Blob([body]).stream() : null;
    const answered = sent
      ? await view.app.request(
          new Request('http://localhost/api/v1/silences', { method: 'POST', body: sent, duplex: 'half' }),
        )
      : await ask('POST', '/silences', { body, headers });
    expect([answered.status, answered.headers.get('content-type')]).toEqual([
      ...[status, 'application/problem+json'],
    ]);
    expect(((await answered.json()) as { detail: string }).detail).toContain(detail);
    expect(await get('/silences')).toEqual([]);
  });

  test('takes changes from who gives the token alone', async () => {
    const guarded = await opened({ kind: 'token', token: 'spring-tide' });
    expect((await ask('POST', '/silences', { body: a, of: guarded })).status).toBe(401);
    const headers = { ...JSON_TYPE, authorization: 'Bearer spring-tide' };
    expect((await ask('POST', '/silences', { body: a, headers, of: guarded })).status).toBe(201);
    expect((await ask('DELETE', '/silences/x', { headers: {}, of: guarded })).status).toBe(401);
    await guarded.close();
  });

  test('says so while the store is away', async () => {
    down = true;
    const answered = await ask('POST', '/silences', { body: a });
    expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await ask('GET', '/silences', {})).status).toBe(503);
    expect((await ask('GET', '/alerts', {})).status).toBe(200);
  });
});
