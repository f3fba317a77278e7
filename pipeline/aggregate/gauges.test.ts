import { describe, expect, test } from 'vitest';
import { create, type Pushed, push, type Row, restored, rules } from './driver.fixture.js';

const memory = rules(
  '  - { alert: Memory, by: [route], window: 10s, when: max > 100, match: \'memory_bytes{route!="/none"}\' }\n',
);
const name = 'memory_bytes';
const value = (t: number, sum: number, more: object = {}): Row => ({
  ...{ type: 'gauge' as const, name, t, count: 1, sum },
  ...more,
});
const pushed = (...rows: Row[]): Pushed => push(rows, { stage: create(memory) });
/** Start, samples, sum and greatest of every window. */
const said = ({ windows, batches }: Pushed): unknown[] =>
  batches
    .flatMap(({ partials }) => partials)
    .map(({ max }, i) => [windows[i]?.[0], windows[i]?.[1], windows[i]?.[2], max]);

describe('a gauge', () => {
  test('counts each sample where it was taken, the first and one at the edge too, whatever its sign', () => {
    const other = { labels: { route: '/a', instance: '2' } };
    const done = pushed(
      { w: 0 },
      value(1000, -3),
      value(1000, -7, other),
      value(10_000, -1),
      value(10_001, 5),
      value(20_000, 2),
      { w: 20_000 },
    );
    expect(said(done)).toEqual([
      [0, 3, -11, -1],
      [10_000, 2, 7, 5],
    ]);
    expect(done.windows).toEqual([
      [0, 3, -11, 0, 3, true],
      [10_000, 2, 7, 0, 2, true],
    ]);
    expect(done.counted).toEqual({ aggregated: 5 });
  });

  test('is bad without a finite value, ignored at the same time again, and dead where it is older', () => {
    const done = pushed(
      { w: 0 },
      value(5000, 1),
      value(6000, Number.NaN),
      value(6000, Number.POSITIVE_INFINITY),
      value(5000, 2),
      value(4000, 0),
      value(700_000, 1),
      { w: 10_000 },
      value(9000, 9),
      { w: 20_000 },
    );
    expect(said(done)).toEqual([[0, 1, 1, 1]]);
    expect(done.counted).toEqual({
      bad: 2,
      skewed: 1,
      duplicate: 1,
      out_of_order: 1,
      aggregated: 1,
      late: 1,
    });
    expect(done.letters.map(({ reason, detail }) => [reason, detail])).toEqual([
      ['bad', 'the value of a gauge is no finite number'],
      ['bad', 'the value of a gauge is no finite number'],
      ['out_of_order', expect.any(String)],
      ['skewed', expect.any(String)],
      ['late', expect.any(String)],
    ]);
  });

  test('is unselected where a rule counts the metric, and a counter where one measures a gauge', () => {
    const done = pushed({ w: 0 }, value(5000, 1), value(6000, 2, { type: 'cumulative' }), { w: 10_000 });
    expect(done.counted).toEqual({ unselected: 1, aggregated: 1 });
    const counted = push([{ w: 0 }, value(5000, 1, { name: undefined })], { stage: create() });
    expect(counted.counted).toEqual({ unselected: 1 });
  });

  test('is a series like any other: the cap holds for it', () => {
    const rows = [{ w: 0 }, value(5000, 1), value(5000, 2, { route: '/b' }), value(6000, 3), { w: 10_000 }];
    const done = push(rows, { stage: create(memory, 1) });
    expect(done.counted).toEqual({ aggregated: 2, overflow: 1 });
  });

  test('begins anew where the metric was a counter before', () => {
    const counts = rules(
      '  - { alert: A, by: [route], window: 10s, when: request_rate > 1/s, match: memory_bytes }\n',
    );
    const stage = create(counts);
    push([{ w: 0 }, value(5000, 7, { type: 'cumulative', count: 9 })], { stage });
    stage.takeUp(memory);
    // Older than the counter's, which says nothing of it.
    push([value(4000, 1), value(6000, 3)], { stage });
    stage.takeUp(counts);
    const done = push(
      [
        value(6000, 7, { type: 'cumulative', count: 10 }),
        value(9000, 8, { type: 'cumulative', count: 14 }),
        { w: 10_000 },
      ],
      { stage },
    );
    expect(done.counted).toEqual({ aggregated: 5 });
    expect(done.windows).toEqual([[0, 4, 1, 0, 2, true]]);
  });

  test('comes through a checkpoint, in the middle of a window', () => {
    const rows: Row[] = [
      { w: 0 },
      value(1000, -4),
      value(2000, -2),
      value(2000, 9),
      value(9000, -8),
      { w: 10_000 },
    ];
    for (let cut = 1; cut < rows.length; cut++) {
      const { stage } = push(rows.slice(0, cut), { stage: create(memory) });
      expect(said(push(rows.slice(cut), { stage: restored(stage) }))).toEqual([[0, 3, -14, -2]]);
    }
  });

  test('has an id text of its own', () => {
    expect(memory.selections.map(({ text }) => text)).toEqual([
      'memory_bytes{route!="/none"} gauge by (route) 10000 0',
    ]);
  });
});
