import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { AlertStore } from '../follow/alert-store.js';
import { Driver, FakeReceiver, MINUTE } from './driver.fixture.js';

const HOUR = 60 * MINUTE;
const fires = (route: string, at = NOW): AlertRecord => alertOf(route, 'firing', at);
const resolves = (route: string, at = NOW): AlertRecord => ({
  ...alertOf(route, 'resolved', at),
  endsAt: at,
});

describe('handing alerts over', () => {
  test('tells of firing and resolved, in order, and of nothing else', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    driver.start(hook);
    await driver.happens(alertOf('/a', 'pending'), fires('/a'), alertOf('/b', 'pending'));
    await driver.happens(alertOf('/b', 'inactive'), resolves('/a'), fires('/a', NOW + 1));
    await expect.poll(() => hook.took).toEqual(['firing /a', 'resolved /a', 'firing /a']);
    expect(driver.counted.get('hook accepted')).toBe(3);
  });

  test('one that is down delays, loses nothing, and holds up nobody else', async () => {
    await using driver = await Driver.create();
    const [down, up] = [new FakeReceiver('down'), new FakeReceiver('up')];
    driver.start(down, up);
    await driver.happens(fires('/a'));
    await expect.poll(() => down.took).toEqual(['firing /a']);
    down.down();
    await driver.happens(resolves('/a'), fires('/b'));
    await expect.poll(() => up.took).toEqual(['firing /a', 'resolved /a', 'firing /b']);
    await expect
      .poll(() => driver.said)
      .toContain('warn down does not take alerts: it is down; trying again');
    expect(down.took).toEqual(['firing /a']);
    driver.time.now += 30_000;
    await expect
      .poll(() => driver.notifier?.lags)
      .toEqual([
        { receiver: 'down', lag: 30_000 },
        { receiver: 'up', lag: 0 },
      ]);
    down.up();
    driver.time.pass(MINUTE);
    await expect.poll(() => down.took).toEqual(['firing /a', 'resolved /a', 'firing /b']);
    await expect.poll(() => driver.notifier?.lags[0]?.lag).toBe(0);
    expect(driver.said.at(-1)).toBe('info down answers again, after 90 s');
  });

  test('is tried again later and later, a random part sooner', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    hook.down();
    driver.start(hook);
    await driver.happens(fires('/a'));
    for (const ms of [750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000]) {
      const asked = hook.asked;
      await expect.poll(() => driver.time.waits).toContain(ms);
      driver.time.pass(ms);
      await expect.poll(() => hook.asked).toBeGreaterThan(asked);
    }
  });

  test('goes on after a restart where each was', async () => {
    await using driver = await Driver.create();
    const [down, up] = [new FakeReceiver('down'), new FakeReceiver('up')];
    driver.start(down, up);
    await driver.happens(fires('/a'));
    await expect.poll(() => down.took).toHaveLength(1);
    await expect.poll(() => driver.store.get('notify/down/next/0')).toMatchObject({ value: '1' });
    down.down();
    await driver.happens(fires('/b'));
    await expect.poll(() => driver.store.get('notify/up/next/0')).toMatchObject({ value: '2' });
    await driver.stop();
    await driver.happens(fires('/c'));
    down.up();
    driver.start(down, up);
    for (const one of [down, up])
      await expect.poll(() => one.took).toEqual(['firing /a', 'firing /b', 'firing /c']);
  });

  test('a new one is told what fires now, also of what the log holds no more', async () => {
    await using driver = await Driver.create();
    await driver.happens(fires('/a'), fires('/b'), resolves('/b'));
    await new AlertStore(driver.store).take([fires('/old', NOW - 72 * HOUR)], new Map([[0, 1]]));
    const hook = new FakeReceiver('hook');
    driver.start(hook);
    await driver.happens(resolves('/old'));
    await expect.poll(() => hook.took).toEqual(['firing /old', 'resolved /old']);
  });

  test('a position that the log does not hold is said, and it begins anew', async () => {
    await using driver = await Driver.create();
    await driver.store.transact([{ key: 'notify/hook/next/0', value: '99' }]);
    await driver.happens(fires('/a'));
    const hook = new FakeReceiver('hook');
    driver.start(hook);
    await expect.poll(() => hook.took).toEqual(['firing /a']);
    expect(driver.said.join('\n')).toMatch(/^warn hook: the log no longer holds where it was told last/);
  });

  test('what is refused is found out, said, buried, and not sent again', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    hook.answer = (notices) =>
      notices.some(({ fingerprint }) => fingerprint === '/bad')
        ? { kind: 'refused', detail: 'it answered 400: bad label' }
        : { kind: 'accepted' };
    driver.start(hook);
    await driver.happens(fires('/bad'), fires('/good'));
    await expect.poll(() => hook.took).toEqual(['firing /good']);
    await expect
      .poll(() => driver.said)
      .toContain('error hook did not take Slow firing /bad; refused: it answered 400: bad label');
    const [letter, ...others] = await driver.deadLetters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      ...{ reason: 'undelivered', topic: 'alerts', partition: 0, offset: 0, records: 1 },
      detail: 'hook: it answered 400: bad label',
    });
    expect([...driver.counted]).toEqual([
      ['hook failed', 2],
      ['hook refused', 1],
      ['hook accepted', 1],
    ]);
  });
});

describe('one that forgets', () => {
  test('is told each minute of what fires, and for 15 minutes of what resolved, also after a restart', async () => {
    await using driver = await Driver.create();
    const peer = new FakeReceiver('peer', true);
    driver.start(peer);
    await driver.happens(fires('/a'), fires('/b'));
    await expect.poll(() => peer.took).toHaveLength(2);
    await driver.happens(resolves('/b'));
    await expect.poll(() => peer.took).toHaveLength(3);
    await expect.poll(() => driver.store.get('notify/peer/next/0')).toMatchObject({ value: '3' });
    peer.took.length = 0;
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    driver.time.pass(MINUTE);
    await expect.poll(() => peer.took).toEqual(['firing /a', 'resolved /b']);
    await driver.stop();
    peer.took.length = 0;
    driver.start(peer);
    await expect.poll(() => peer.took).toEqual(['firing /a', 'resolved /b']);
    peer.took.length = 0;
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    driver.time.pass(14 * MINUTE);
    await expect.poll(() => peer.took).toEqual(['firing /a']);
    await expect.poll(() => driver.store.get('notify/peer/alert/%2Fb')).toBe(null);
  });

  test('is told again of nothing that has resolved while it was down', async () => {
    await using driver = await Driver.create();
    const peer = new FakeReceiver('peer', true);
    driver.start(peer);
    await driver.happens(fires('/a'));
    await expect.poll(() => peer.took).toEqual(['firing /a']);
    peer.down();
    await driver.happens(resolves('/a'));
    await expect.poll(() => driver.said.at(-1)).toMatch(/^warn peer does not take/);
    // Not before it waits to try again: no time would pass for it.
    await expect.poll(() => driver.time.waits.some((ms) => ms < MINUTE)).toBe(true);
    peer.up();
    driver.time.pass(MINUTE);
    await expect.poll(() => peer.took.at(-1)).toBe('resolved /a');
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    peer.took.length = 0;
    driver.time.pass(MINUTE);
    await expect.poll(() => peer.took).toEqual(['resolved /a']);
  });
});

describe('the watchdog', () => {
  test('fires while windows are closed, and is silent where none is', async () => {
    await using driver = await Driver.create();
    const hook = new FakeReceiver('hook');
    await driver.windowCloses();
    driver.start(hook);
    await expect.poll(() => hook.took).toEqual(['TidemarkWatchdog']);
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    driver.time.pass(MINUTE);
    await expect.poll(() => hook.took).toHaveLength(2);
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    driver.time.pass(10 * MINUTE);
    await expect
      .poll(() => driver.said)
      .toEqual(['warn no window was closed in the last 600 s: the watchdog is silent']);
    expect(hook.took).toHaveLength(2);
    await driver.windowCloses();
    await expect.poll(() => driver.time.waits).toContain(MINUTE);
    driver.time.pass(MINUTE);
    await expect.poll(() => hook.took).toHaveLength(3);
    expect(driver.said.at(-1)).toBe('info windows are closed again: the watchdog fires');
  });
});
