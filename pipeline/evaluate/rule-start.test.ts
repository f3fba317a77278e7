import { describe, expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { brief, Driver, type Outputs, type Row, rules, type Spec, T } from './driver.fixture.js';

/** A window with 1 request of so many seconds. */
const window = (i: number, seconds: number): Spec => ({
  w: (i + 1) * 10_000,
  rows: [{ start: i * 10_000, requests: 1, latencySum: seconds }],
});
const relative = ({ settings = '', name = 'New' }: { settings?: string; name?: string } = {}): string =>
  `alert: ${name}, when: mean_latency > 1.5 * baseline, baseline: { windows: 10, min_windows: 2${settings} }`;
const full = (alert: AlertRecord): unknown[] => [
  alert.alert,
  ...brief(alert),
  alert.baseline?.value,
  alert.baseline?.windows,
];
const windowsOf = ({ windows }: Outputs): unknown[][] =>
  windows.map(({ start, group, requests }) => [(start - T) / 1000, Object.keys(group).join(), requests]);

describe('a new rule', () => {
  const old = (windows: number): string =>
    `alert: Old, when: mean_latency > 3s, baseline: { windows: ${windows}, min_windows: 1 }`;
  test.each<
    readonly [
      name: string,
      before: readonly string[],
      slots: readonly (number | null)[],
      record: unknown[] | null,
    ]
  >([
    [
      'counts windows that its selection has already',
      ['alert: Old, when: mean_latency > 9s'],
      [1, 2, 1, 2],
      ['New', 50, 'firing', null, 1.5, 4],
    ],
    [
      'counts as many as the greatest `windows` of the rules before, here 3: 1, 1 and 2.5 s',
      [old(2), old(3).replace('Old', 'Older')],
      [9, 9, 1, 1, 2.5],
      ['New', 60, 'firing', null, 1.5, 3],
    ],
    [
      'counts intervals, with data or not: two of the last three had none',
      [old(3)],
      [1, 1, 1, null, null],
      null,
    ],
    [
      'counts windows in which another rule was firing, or the one it replaces',
      [`${old(10)}`, 'alert: New, when: mean_latency > 500ms'],
      [1, 2, 1, 2],
      ['New', 50, 'firing', null, 1.5, 4],
    ],
  ])('%s', (_, before, slots, record) => {
    const alerts = [false, true].map((crash) => {
      const driver = new Driver(rules(...before));
      for (const [i, seconds] of slots.entries()) {
        driver.push(seconds === null ? { w: (i + 1) * 10_000 } : window(i, seconds));
        if (crash) driver.crash();
      }
      driver.takeUp(rules(relative()));
      if (crash) driver.crash();
      return driver.push(window(slots.length, 9)).alerts.map(full);
    });
    expect(alerts).toEqual([record === null ? [] : [record], record === null ? [] : [record]]);
  });

  test('has no past where its selection is new', () => {
    const driver = new Driver(rules(relative({ name: 'Old' })));
    driver.push(window(0, 1), window(1, 1), window(2, 1));
    driver.takeUp(rules(`${relative()}, by: [route, method]`));
    expect(driver.push(window(3, 1), window(4, 9)).alerts).toEqual([]);
    // Two windows were seen since, of 1 and 9 s.
    expect(driver.push(window(5, 9)).alerts.map(full)).toEqual([['New', 60, 'firing', null, 5, 2]]);
  });
});

describe('a new selection', () => {
  const route = 'alert: A, when: mean_latency > 1000s';
  const method = 'alert: B, when: mean_latency > 1000s, by: [method]';
  const both = rules(route, method);
  const id = (alert: string): string => both.rules.find((one) => one.alert === alert)?.selection.id ?? '';
  const row = (alert: string, start: number): Row => ({
    selection: id(alert),
    group: alert === 'A' ? { route: '/a' } : { method: 'GET' },
    start,
    requests: 1,
  });
  const spec = (source: number, w: number, ...alerts: readonly string[]): Spec => ({
    source,
    sources: 2,
    w,
    selections: { [id('A')]: T, [id('B')]: T },
    rows: alerts.map((alert) => row(alert, w - 10_000)),
  });

  test.each<readonly [name: string, read: readonly Spec[], then: readonly Spec[], windows: unknown[][]]>([
    [
      'forms windows above every batch watermark read by then',
      [spec(0, 20_000, 'A'), spec(1, 10_000, 'A')],
      [spec(1, 20_000, 'A', 'B'), spec(0, 30_000, 'A', 'B'), spec(1, 30_000, 'A', 'B')],
      [
        [10, 'route', 2],
        [20, 'method', 2],
        [20, 'route', 2],
      ],
    ],
    [
      'counts the watermark of a batch whose last part is still to come',
      [spec(0, 10_000), spec(1, 10_000), { ...spec(0, 20_000, 'A', 'B'), last: false }],
      [
        { ...spec(0, 20_000), part: 1 },
        spec(1, 20_000, 'A', 'B'),
        spec(0, 30_000, 'B'),
        spec(1, 30_000, 'B'),
      ],
      [
        [10, 'route', 2],
        [20, 'method', 2],
      ],
    ],
    [
      'forms none where a source partition does not know it yet',
      [spec(0, 10_000), spec(1, 10_000)],
      [spec(0, 20_000, 'A', 'B'), { ...spec(1, 20_000, 'A'), selections: { [id('A')]: T } }],
      [[10, 'route', 2]],
    ],
  ])('%s', (_, read, then, windows) => {
    const results = [false, true].map((crash) => {
      const driver = new Driver(rules(route));
      for (const one of read) {
        driver.push(one);
        if (crash) driver.crash();
      }
      driver.takeUp(both);
      return then.flatMap((one) => {
        if (crash) driver.crash();
        return windowsOf(driver.push(one));
      });
    });
    const sorted = (rows: readonly unknown[][]): unknown[][] => [...rows].sort();
    expect(results.map(sorted)).toEqual([windows, windows]);
  });

  test('is new again where it was gone in between, and remembers nothing', () => {
    const driver = new Driver(both);
    driver.push(spec(0, 10_000, 'A', 'B'));
    driver.takeUp(rules(route));
    driver.takeUp(both);
    expect(windowsOf(driver.push(spec(1, 10_000, 'A', 'B')))).toEqual([[0, 'route', 2]]);
    const out = driver.push(spec(0, 20_000, 'B'), spec(1, 20_000, 'B'));
    expect(windowsOf(out)).toEqual([[10, 'method', 2]]);
  });

  test('takes nothing from one that stays: its open windows close as if nothing had happened', () => {
    const driver = new Driver(rules(route));
    driver.push(spec(0, 10_000, 'A'));
    driver.takeUp(both);
    driver.crash();
    expect(windowsOf(driver.push(spec(1, 10_000, 'A')))).toEqual([[0, 'route', 2]]);
    expect(driver.warnings).toEqual([]);
  });
});
