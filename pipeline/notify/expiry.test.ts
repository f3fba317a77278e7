import { describe, expect, test } from 'vitest';
import { StoreError } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { Driver, FakeReceiver, MINUTE } from './driver.fixture.js';

const HOUR = 60 * MINUTE;
const fires = (route: string, at = NOW): AlertRecord => alertOf(route, 'firing', at);
/** Of another name, so that it goes into a request of its own. */
const other = (route: string, at = NOW): AlertRecord => ({
  ...fires(route, at),
  alert: 'Other',
  labels: { alertname: 'Other', route },
});

describe('a receiver that answers nothing', () => {
  test('what nobody took for a day is a dead letter, and what is younger waits on', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    hook.down();
    driver.start(hook);
    await driver.happens(fires('/a'));
    await expect.poll(() => driver.time.waits).toContain(750);
    driver.time.now += 12 * HOUR;
    await driver.happens(other('/b', NOW + 12 * HOUR));
    driver.time.pass(12 * HOUR);
    await expect.poll(() => driver.deadLetters()).toHaveLength(1);
    expect(driver.counted.get('hook expired')).toBe(1);
    await expect.poll(() => driver.notifier?.lags[0]?.lag).toBe(12 * HOUR);
    await expect.poll(() => driver.time.waits).toContain(750);
    hook.up();
    driver.time.pass(MINUTE);
    await expect.poll(() => hook.took).toEqual(['firing /b']);
    expect(await driver.deadLetters()).toHaveLength(1);
  });

  test('a day counts over restarts, and while nobody runs', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    hook.down();
    driver.start(hook);
    await driver.happens(fires('/a'));
    await expect.poll(() => driver.store.get('notify/hook/silent')).toMatchObject({ value: `${NOW}` });
    await driver.stop();
    driver.time.now += 10 * HOUR;
    await driver.happens(other('/b'));
    driver.start(hook);
    await expect.poll(() => driver.time.waits).toContain(750);
    await driver.stop();
    // A day behind its first failure, a minute before: /a was not in the log for longer than that.
    driver.time.now += 14 * HOUR - MINUTE;
    driver.start(hook);
    await expect.poll(() => driver.time.waits).toContain(750);
    expect(await driver.deadLetters()).toEqual([]);
    driver.time.pass(MINUTE);
    await expect.poll(() => driver.deadLetters()).toMatchObject([{ offset: 0 }]);
    expect(driver.said.at(-1)).toBe(
      'error hook did not take Slow firing /a; not taken for a day: it is down',
    );
    // Not before it has failed once more: it would be told at once, and wait for nothing.
    await expect.poll(() => driver.time.waits).toContain(750);
    hook.up();
    driver.time.pass(MINUTE);
    await expect.poll(() => hook.took).toEqual(['firing /b']);
    await expect.poll(() => driver.store.get('notify/hook/silent')).toBe(null);
  });

  test('what waited for a notifier for long is not given up at the first failure', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    driver.start(hook);
    await driver.happens(fires('/a'));
    await expect.poll(() => driver.store.get('notify/hook/next/0')).toMatchObject({ value: '1' });
    await driver.stop();
    await driver.happens(fires('/b'));
    driver.time.now += 48 * HOUR;
    hook.down();
    driver.start(hook);
    await expect.poll(() => driver.time.waits).toContain(750);
    hook.up();
    driver.time.pass(MINUTE);
    await expect.poll(() => hook.took).toEqual(['firing /a', 'firing /b']);
    expect(await driver.deadLetters()).toEqual([]);
  });

  test('one whose window is old, but which is new in the log, is not given up at once', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    hook.down();
    driver.start(hook);
    await driver.happens(other('/a'));
    await expect.poll(() => driver.time.waits).toContain(750);
    driver.time.now += 23 * HOUR;
    await driver.happens(fires('/late', NOW - 72 * HOUR));
    driver.time.pass(HOUR);
    await expect.poll(() => driver.deadLetters()).toMatchObject([{ offset: 0 }]);
    await expect.poll(() => driver.time.waits).toContain(750);
    driver.time.pass(22 * HOUR);
    await expect.poll(() => driver.time.waits).toContain(1_500);
    expect(await driver.deadLetters()).toHaveLength(1);
    driver.time.pass(HOUR);
    await expect.poll(() => driver.deadLetters()).toMatchObject([{ offset: 0 }, { offset: 1 }]);
  });

  test('a store that is away does not hold up what is told, and is kept later since when it is silent', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    const { transact } = driver.store;
    driver.start(hook);
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    await driver.windowCloses();
    driver.store.transact = () => Promise.reject(new StoreError('Unavailable', 'it is away'));
    hook.down();
    driver.time.pass(MINUTE);
    await expect
      .poll(() => driver.said)
      .toContain('warn hook does not take alerts: it is down; trying again');
    driver.store.transact = transact;
    await expect.poll(() => driver.time.waits).toContain(750);
    driver.time.pass(MINUTE);
    const since = { value: `${NOW + MINUTE}` };
    await expect.poll(() => driver.store.get('notify/hook/silent')).toMatchObject(since);
  });
});
