import { describe, expect, test } from 'vitest';
import type { Partial } from '../../schemas/types.js';
import { partitionOf } from '../model/murmur2.js';
import type { RuleSet } from '../model/rule.js';
import { groupText } from '../model/text.js';
import { recompile } from '../sla/compile.js';
import { counted, create, metric, plain, push, type Row, restored, T } from './driver.fixture.js';

const fields = (settings: string): string => `  - { when: mean_latency > 1s, ${settings} }\n`;
const rules = (...settings: readonly string[]): RuleSet =>
  recompile(
    'sla.yaml',
    `version: 1\ndefaults: { window: 10s, by: [route] }\nslas:\n${settings.map(fields).join('')}`,
  );
const group = ({ group, start, requests }: Partial): unknown[] => [groupText(group), start - T, requests];

describe('a selection', () => {
  /** A series that is born at T with so many requests. */
  const born = (labels: Record<string, string>, count = 1, name = metric): Row => ({
    t: 5000,
    start: 0,
    count,
    labels,
    name,
  });
  test.each<readonly [name: string, settings: string, rows: readonly Row[], groups: unknown[][]]>([
    [
      'adds up the series of a group',
      'alert: A',
      [
        born({ route: '/a', status: '200' }, 3),
        born({ route: '/a', status: '404' }, 4),
        born({ route: '/b' }, 5),
      ],
      [
        ['{route="/a"}', 0, 7],
        ['{route="/b"}', 0, 5],
      ],
    ],
    [
      'leaves absent and empty labels out of a group: they are the same',
      'alert: A, by: [route, method]',
      [
        born({ route: '', method: 'GET', status: '200' }, 3),
        born({ method: 'GET', status: '404' }, 4),
        born({ status: '200' }, 5),
      ],
      [
        ['{method="GET"}', 0, 7],
        ['{}', 0, 5],
      ],
    ],
    [
      'has one group where it is by nothing',
      'alert: A, by: []',
      [born({ route: '/a' }, 3), born({ route: '/b' }, 4)],
      [['{}', 0, 7]],
    ],
    [
      'takes what its matchers match, anchored, an absent label as the empty string',
      `alert: A, match: '{route=~"/a|/b",method=""}'`,
      [born({ route: '/a' }, 3), born({ route: '/ab' }, 4), born({ route: '/b', method: 'GET' }, 5)],
      [['{route="/a"}', 0, 3]],
    ],
    [
      'takes its own metric alone',
      `alert: A, match: 'jobs{}'`,
      [born({ route: '/a' }, 3), born({ route: '/a' }, 4, 'jobs'), born({ route: '/a' }, 5, 'jobs_count')],
      [['{route="/a"}', 0, 4]],
    ],
  ])('%s', (_, settings, rows, groups) => {
    const stage = create(rules(settings));
    const { batches } = push([{ w: 0 }, ...rows, { w: 10_000 }], { stage });
    expect(batches.flatMap(({ partials }) => partials.map(group))).toEqual(groups);
  });

  test('counts as errors what its errors match, split as the requests are', () => {
    const set = rules(`alert: A, errors: '{status=~"[45]..",route!="/x"}'`);
    const at = (t: number, count: number): Row[] =>
      ['200', '404'].map((status) => ({ t, count, sum: 0, labels: { route: '/a', status } }));
    const { windows } = push([{ w: 0 }, ...at(5000, 0), ...at(15_000, 5), { w: 20_000 }], {
      stage: create(set),
    });
    expect(windows).toEqual([
      [0, 5, 0, 2.5, 2, true],
      [10_000, 5, 0, 2.5, 2, true],
    ]);
  });

  test('is late for itself: what another one has closed still counts here', () => {
    const set = rules('alert: A', 'alert: B, grace: 10s');
    const id = (alert: string): string => set.rules.find((one) => one.alert === alert)?.selection.id ?? '';
    const rows: Row[] = [
      { w: 0 },
      { t: 5000, count: 0 },
      { w: 20_000 },
      { t: 25_000, count: 20 },
      { w: 40_000 },
    ];
    const { letters, batches, counted } = push(rows, { stage: create(set) });
    expect(counted).toEqual({ aggregated: 1, late: 1 });
    // The watermark 20 s has closed both windows of A, and with a grace of 10 s the first one of B.
    const lost = [
      { selection: id('A'), start: T },
      { selection: id('A'), start: T + 10_000 },
      { selection: id('B'), start: T },
    ].sort((a, b) => (a.selection < b.selection ? -1 : a.selection > b.selection ? 1 : a.start - b.start));
    expect(letters.map(({ reason, windows }) => [reason, windows])).toEqual([['late', lost]]);
    const later = batches.slice(2).flatMap(({ partials }) => partials);
    expect(later.map((one) => [one.selection === id('A') ? 'A' : 'B', one.start - T, one.requests])).toEqual([
      ['B', 10_000, 10],
      ['A', 20_000, 5],
      ['B', 20_000, 5],
    ]);
  });
});

describe('partials', () => {
  test('come in order of end + grace, end, selection, group text', () => {
    const set = rules('alert: A', 'alert: B, window: 5s, grace: 5s', 'alert: C, by: [route, status]');
    const rows: Row[] = ['/b', '/a', '/B'].map((route) => ({ t: 10_000, start: 0, count: 4, route }));
    const { batches } = push([{ w: 0 }, ...rows, { w: 15_000 }], { stage: create(set) });
    const [a, b, c] = ['A', 'B', 'C'].map(
      (alert) => set.rules.find((one) => one.alert === alert)?.selection.id ?? '',
    );
    const groups = (id: string | undefined, start: number): unknown[][] =>
      ['/B', '/a', '/b'].map((route) => [id, start, route]);
    const ten = [groups(a, 0), groups(c, 0)];
    if ((a ?? '') > (c ?? '')) ten.reverse();
    const places = batches.flatMap(({ partials }) =>
      partials.map((one) => [one.selection, one.start - T, one.group.route]),
    );
    expect(places).toEqual([...groups(b, 0), ...ten.flat(), ...groups(b, 5000)]);
  });

  test('go to the partition of their group; every partition gets a batch', () => {
    const stage = create(plain, 1000, 4);
    const routes = ['/a', '/b', '/c', '/d', '/e', '/f'];
    const rows: Row[] = routes.map((route) => ({ t: 5000, start: 0, count: 1, route }));
    const { batches } = push([{ w: 0 }, ...rows, { w: 10_000 }], { stage });
    const closed = batches.slice(4);
    expect(closed).toHaveLength(4);
    const places = closed.map(({ partials }) => partials.map(({ group }) => group.route));
    const expected = [0, 1, 2, 3].map((target) =>
      routes.filter((route) => partitionOf(`{route="${route}"}`, 4) === target),
    );
    expect(places).toEqual(expected);
  });
});

describe('other rules', () => {
  const [first, second] = [rules('alert: A'), rules('alert: A', 'alert: B, by: [status]')];
  const isB = ({ group }: Partial): boolean => group.status !== undefined;

  test('begin a new selection at the watermark; what falls before belongs to nothing, and is not late', () => {
    for (const crash of [false, true]) {
      let stage = create(first);
      push([{ w: 0 }, { t: 5000, count: 0 }, { w: 12_000 }], { stage });
      stage.takeUp(second);
      if (crash) stage = restored(stage);
      // (5, 35] s: 10 requests a window of 10 s. A has closed its first one; B begins with the one at 20 s.
      const { batches } = push([{ t: 35_000, count: 30 }, { w: 40_000 }], { stage });
      expect(batches[0]?.selections).toEqual(
        second.selections.map(({ id }) => ({ id, from: id === first.selections[0]?.id ? 0 : T + 12_000 })),
      );
      const partials = batches.flatMap((one) => one.partials);
      expect(partials.filter(isB).map(group)).toEqual([
        ['{status="200"}', 20_000, 10],
        ['{status="200"}', 30_000, 5],
      ]);
      expect(partials.filter((one) => !isB(one)).map(group)).toEqual([
        ['{route="/a"}', 10_000, 10],
        ['{route="/a"}', 20_000, 10],
        ['{route="/a"}', 30_000, 5],
      ]);
      expect(counted(stage)).toEqual({ aggregated: 1, late: 1 });
    }
  });

  test('do not make late what lies before every selection', () => {
    const stage = create(rules('alert: Old, by: [status]'));
    push([{ w: 0 }, { t: 5000, count: 0 }, { t: 6000, count: 0, route: '/b' }, { w: 15_000 }], { stage });
    stage.takeUp(first);
    // (5, 15] s is split, (15, 18] s is not, and begins in a window that is open but none of this selection.
    const { batches } = push(
      [
        { t: 15_000, count: 10 },
        { t: 18_000, count: 11 },
        { t: 16_000, count: 10, route: '/b' },
        { w: 20_000 },
      ],
      { stage },
    );
    expect(counted(stage)).toEqual({ aggregated: 5 });
    expect(batches.flatMap(({ partials }) => partials)).toEqual([]);
  });

  test('count from a window that starts exactly at the watermark, whole or split', () => {
    const stage = create(rules('alert: Old, by: [status]'));
    push([{ w: 0 }, { t: 15_000, count: 0 }, { w: 20_000 }], { stage });
    stage.takeUp(first);
    // (15, 25] s is split at 20 s, (25, 29] s is not.
    const rows: Row[] = [{ t: 25_000, count: 10 }, { t: 29_000, count: 12 }, { w: 30_000 }];
    const { windows } = push(rows, { stage });
    expect(windows.map(([start, requests]) => [start, requests])).toEqual([[20_000, 7]]);
  });

  test('from 0 while there is no watermark', () => {
    const stage = create(first);
    stage.takeUp(second);
    expect(push([{ w: 10_000 }], { stage }).batches[0]?.selections.map(({ from }) => from)).toEqual([0, 0]);
  });

  test('close no window that starts before a selection began: no batch is needed for it', () => {
    const stage = create(rules('alert: Old, window: 1h'));
    push([{ w: 12_000 }], { stage });
    stage.takeUp(first);
    expect(push([{ w: 20_000 }], { stage }).batches).toEqual([]);
    expect(push([{ w: 30_000 }], { stage }).batches).toHaveLength(1);
  });

  test('keep the open windows and the series of a selection that stays, and drop those of one that goes', () => {
    const stage = create(second);
    push([{ w: 0 }, { t: 1000, count: 0 }, { t: 5000, count: 4 }], { stage });
    stage.takeUp(first);
    const { batches } = push([{ t: 9000, count: 7 }, { w: 10_000 }], { stage });
    expect(batches.flatMap(({ partials }) => partials.map(group))).toEqual([['{route="/a"}', 0, 7]]);
    expect(batches[0]?.selections).toHaveLength(1);
  });

  test('begin a series anew where nobody wanted it in between', () => {
    const stage = create(first);
    push([{ w: 0 }, { t: 1000, count: 5 }], { stage });
    stage.takeUp(rules(`alert: A, match: '{route="/b"}'`));
    expect(stage.stage.seriesCount).toBe(0);
    push([{ t: 2000, count: 6 }], { stage });
    stage.takeUp(first);
    const { windows } = push([{ t: 3000, count: 7 }, { t: 4000, count: 9 }, { w: 10_000 }], { stage });
    // Both begin at the watermark T, so the window counts; of the series only 7 -> 9.
    expect(windows).toEqual([[0, 2, expect.closeTo(0.2), 0, 2, true]]);
    expect(counted(stage)).toEqual({ unselected: 1, aggregated: 3 });
  });
});
