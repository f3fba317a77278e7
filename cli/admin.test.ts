import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { adminApp } from './admin.js';

/** What the admin port answers of a component in such a state. */
async function ask(path: string, state: { stuck?: string[]; ready?: () => Promise<boolean> } = {}) {
  const { stuck = [], ready = () => Promise.resolve(true) } = state;
  const answer = await adminApp({ registry: new Registry(), liveness: { stuck }, ready }).request(path);
  return [answer.status, await answer.text()];
}

describe('the admin port', () => {
  test('says that a process is to be restarted only where a loop is stuck, ready or not', async () => {
    expect(await ask('/healthz', { ready: () => Promise.resolve(false) })).toEqual([200, 'ok']);
    expect(await ask('/healthz', { stuck: ['aggregate of metrics/0', 'spout'] })).toEqual([
      503,
      'stuck: aggregate of metrics/0, spout',
    ]);
  });

  test('says whether it can do its work; one that cannot find out cannot', async () => {
    expect(await ask('/readyz')).toEqual([200, 'ok']);
    expect(await ask('/readyz', { ready: () => Promise.resolve(false) })).toEqual([503, 'not ready']);
    expect(await ask('/readyz', { ready: () => Promise.reject(new Error('no broker')) })).toEqual([
      503,
      'not ready',
    ]);
  });

  test('shows the metrics', async () => {
    expect(await ask('/metrics')).toEqual([200, '\n']);
  });
});
