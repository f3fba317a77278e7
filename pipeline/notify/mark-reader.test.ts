import { describe, expect, test } from 'vitest';
import { type Store, StoreError } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { alertOf, NOW } from '../follow/alert.fixture.js';
import { AlertStore } from '../follow/alert-store.js';
import { MarkStore } from '../follow/mark-store.js';
import type { Acknowledgement, Silence } from '../model/marks.js';
import { Driver, FakeReceiver, MINUTE } from './driver.fixture.js';
import { MarkReader } from './mark-reader.js';
import { noticeOf } from './notice.js';

const silence: Silence = {
  ...{ id: 's', by: 'ada', why: 'deploying', from: NOW, until: NOW + MINUTE },
  matchers: [{ label: 'route', operator: '=', value: '/a' }],
};
const said: Acknowledgement = {
  ...{ fingerprint: '/a', startsAt: NOW, by: 'bo', why: 'on it', at: NOW, until: null },
};

describe('marks handed over', () => {
  test('go to a receiver that wants them, and withhold nothing from any', async () => {
    await using driver = await Driver.create();
    const kept = new MarkStore(driver.store);
    await kept.silence(silence, NOW);
    await kept.acknowledge(said, { now: NOW, holds: () => true });
    const [hook, other] = [new FakeReceiver('hook', false, true), new FakeReceiver('other')];
    driver.start(hook, other);
    await driver.happens(alertOf('/a', 'firing'), alertOf('/b', 'firing'));
    await expect
      .poll(() => [hook.took, other.took])
      .toEqual([
        ['firing /a', 'firing /b'],
        ['firing /a', 'firing /b'],
      ]);
    expect([hook.marks, other.marks]).toEqual([
      [{ silencedBy: ['s'], acknowledgedBy: 'bo' }, {}],
      [undefined, undefined],
    ]);
    // An acknowledgement is of what fires.
    await driver.happens({ ...alertOf('/a', 'resolved', NOW + 1), startsAt: NOW, endsAt: NOW + 1 });
    await expect.poll(() => hook.took).toHaveLength(3);
    expect(hook.marks).toEqual([{ silencedBy: ['s'] }]);
    driver.time.now += MINUTE;
    await driver.happens({ ...alertOf('/a', 'firing', NOW + 2), startsAt: NOW + 2 });
    await expect.poll(() => hook.took).toHaveLength(4);
    expect(hook.marks).toEqual([{}]);
  });

  test('say what fires with a greater severity: as the view keeps it, and as the message says it', async () => {
    await using driver = await Driver.create();
    let lists = 0;
    const list: Store['list'] = (prefix, options) => {
      if (prefix === 'view/active/') lists++;
      return driver.store.list(prefix, options);
    };
    const view = new AlertStore(driver.store);
    let now = NOW;
    const reader = new MarkReader({ store: { ...driver.store, list }, clock: () => now });
    const of = (severity: string, state: 'firing' | 'resolved'): AlertRecord => ({
      ...alertOf('/a', state),
      ...{ id: `${severity} ${state}`, fingerprint: severity, severity },
      labels: { alertname: 'Slow', route: '/a', severity },
    });
    const marks = async (...alerts: readonly AlertRecord[]) =>
      (await reader.of(alerts.flatMap((one) => noticeOf(one) ?? []))).map((one) => one.marks);
    const [warning, critical] = [of('warning', 'firing'), of('critical', 'firing')];
    expect(await marks(warning)).toEqual([{}]);
    await view.take([critical], new Map());
    // What was read a moment ago is used again.
    expect([await marks(warning), lists]).toEqual([[{}], 1]);
    now += 1_000;
    expect(await marks(warning, of('info', 'firing'))).toEqual([
      { inhibitedBy: ['critical'] },
      { inhibitedBy: ['critical', 'warning'] },
    ]);
    expect([await marks(of('warning', 'resolved')), lists]).toEqual([[{}], 2]);
    expect(await marks(of('critical', 'resolved'), warning)).toEqual([{}, {}]);
    await view.take([of('critical', 'resolved')], new Map());
    now += 1_000;
    expect(await marks(warning)).toEqual([{}]);
    expect(await marks(critical, warning)).toEqual([{}, { inhibitedBy: ['critical'] }]);
  });

  test('are left out while the store is away', async () => {
    const notice = noticeOf(alertOf('/a', 'firing'));
    if (notice === null) return expect.unreachable();
    const failing = (code: 'Unavailable' | 'Refused'): MarkReader => {
      const refuse = (): Promise<never> => Promise.reject(new StoreError(code, 'no'));
      const store: Store = { list: refuse, get: refuse, transact: refuse, close: refuse };
      return new MarkReader({ store, clock: () => NOW });
    };
    expect(await failing('Unavailable').of([notice])).toEqual([notice]);
    await expect(failing('Refused').of([notice])).rejects.toThrow('no');
  });
});
