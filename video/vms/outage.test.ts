import { expect, test } from 'vitest';
import { LogError } from '../../platform/log/event-log.js';
import { type Store, StoreError } from '../../platform/store/store.js';
import { ada, basic, Driver, json } from './driver.fixture.js';

/** A store that rejects everything. */
const failing = (error: Error): Store => ({
  get: () => Promise.reject(error),
  list: () => Promise.reject(error),
  transact: () => Promise.reject(error),
  close: () => Promise.resolve(),
});

test.each<[string, RequestInit?]>([
  ['/readyz'],
  ['/users'],
  ['/videos'],
  ['/videos/id-1/status'],
  ['/users/register', json(ada)],
  ['/videos', json({ name: 'v', author: 'a' }, basic(ada.email, ada.password))],
  ['/videos/id-1', { method: 'POST', headers: basic(ada.email, ada.password) }],
])('%s says when to try again while the store or the log is down', async (path, init) => {
  await using driver = await Driver.open();
  for (const error of [
    new StoreError('Unavailable', 'reading: Redis cannot be reached'),
    new LogError('Unavailable', 'the broker cannot be reached', { retryable: true }),
  ]) {
    const { app } = driver.vms({ store: failing(error) });
    const answer = await app.request(path, init);
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([
      503,
      '2',
      'application/problem+json',
    ]);
    expect(((await answer.json()) as { detail: string }).detail).toBe(error.message);
    expect((await app.request('/healthz')).status).toBe(200);
    // The store's adapter says it once; not every request again.
    expect(driver.said).toEqual(error instanceof StoreError ? [] : [error.message]);
  }
});

test('keeps to itself what went wrong for good', async () => {
  await using driver = await Driver.open();
  const { app } = driver.vms({ store: failing(new StoreError('Refused', 'Redis refuses: WRONGTYPE')) });
  const answer = await app.request('/users');
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    500,
    'something went wrong on our side',
  ]);
});
