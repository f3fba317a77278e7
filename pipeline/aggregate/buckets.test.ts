import { describe, expect, test } from 'vitest';
import { create, minute, type Pushed, push, type Row, restored, rules } from './driver.fixture.js';

const inf = Number.POSITIVE_INFINITY;
type Pairs = readonly (readonly [number, number])[];
const quantile = rules('  - { alert: A, by: [route], window: 10s, when: p99_latency > 1s }\n');
const sample = (t: number, count: number, buckets: Pairs, more: object = {}): Row => ({
  t,
  count,
  buckets,
  ...more,
});
/** Those of every window, in order. */
const kept = ({ batches }: Pushed): (Pairs | null)[] =>
  batches.flatMap(({ partials }) =>
    partials.map(({ buckets }) => buckets?.map(({ le, count }) => [le, count] as const) ?? null),
  );
const pushed = (...rows: Row[]): Pushed => push(rows, { stage: create(quantile) });

describe('buckets of a selection with a quantile', () => {
  test('are not read where no rule measures one', () => {
    const stage = create();
    const rows = [
      { w: 0 },
      sample(1000, 1, [
        [1, 5],
        [inf, 1],
      ]),
      sample(9000, 5, [
        [1, 9],
        [inf, 5],
      ]),
      { w: 10_000 },
    ];
    const done = push(rows, { stage });
    expect(done.counted).toEqual({ aggregated: 2 });
    expect(kept(done)).toEqual([null]);
  });

  test('grow from sample to sample, at the bounds that all series of the group share', () => {
    const a = { labels: { route: '/a', instance: '1' } };
    const b = { labels: { route: '/a', instance: '2' } };
    const done = pushed(
      { w: 0 },
      sample(
        1000,
        5,
        [
          [0.5, 2],
          [1, 4],
          [inf, 5],
        ],
        a,
      ),
      sample(
        1000,
        5,
        [
          [0.5, 2],
          [2, 4],
          [inf, 5],
        ],
        b,
      ),
      sample(
        9000,
        9,
        [
          [0.5, 3],
          [1, 7],
          [inf, 9],
        ],
        a,
      ),
      sample(
        9000,
        15,
        [
          [0.5, 7],
          [2, 9],
          [inf, 15],
        ],
        b,
      ),
      { w: 10_000 },
    );
    expect(kept(done)).toEqual([
      [
        [0.5, 6],
        [inf, 14],
      ],
    ]);
  });

  test('are all that a counter holds which began anew: by its start, or where a bucket fell', () => {
    const first = sample(1000, 5, [
      [1, 4],
      [inf, 5],
    ]);
    const expected = [
      [
        [1, 2],
        [inf, 6],
      ],
    ];
    const byStart = pushed(
      { w: 0 },
      first,
      sample(
        9000,
        6,
        [
          [1, 2],
          [inf, 6],
        ],
        { start: 2000 },
      ),
      { w: 10_000 },
    );
    const byBucket = pushed(
      { w: 0 },
      first,
      sample(9000, 6, [
        [1, 2],
        [inf, 6],
      ]),
      { w: 10_000 },
    );
    expect([kept(byStart), kept(byBucket)]).toEqual([expected, expected]);
    expect(byBucket.windows).toEqual([[0, 6, 0.6, 0, 2, true]]);
  });

  test('are split over windows as the requests are', () => {
    const done = pushed(
      { w: 0 },
      sample(4000, 0, [
        [1, 0],
        [inf, 0],
      ]),
      sample(14_000, 10, [
        [1, 5],
        [inf, 10],
      ]),
      { w: 20_000 },
    );
    expect(kept(done)).toEqual([
      [
        [1, 3],
        [inf, 6],
      ],
      [
        [1, 2],
        [inf, 4],
      ],
    ]);
  });

  test('that fall from bound to bound make a record bad', () => {
    const { counted, letters } = pushed(
      { w: 0 },
      sample(1000, 5, [
        [0.5, 4],
        [1, 3],
        [inf, 5],
      ]),
    );
    expect(counted).toEqual({ bad: 1 });
    expect(letters).toEqual([
      expect.objectContaining({ detail: 'its buckets do not rise from bound to bound' }),
    ]);
  });

  test('are null where nothing grew, and nothing is known of a series without any', () => {
    const still = pushed(
      { w: 0 },
      sample(1000, 5, [
        [1, 4],
        [inf, 5],
      ]),
      { w: 10_000 },
    );
    expect(kept(still)).toEqual([null]);
    const plain = { labels: { route: '/a', instance: '2' } };
    const mixed = pushed(
      { w: 0 },
      sample(1000, 5, [
        [1, 4],
        [inf, 5],
      ]),
      sample(1000, 5, [], plain),
      sample(9000, 6, [
        [1, 4],
        [inf, 6],
      ]),
      sample(9000, 6, [], plain),
      { w: 10_000 },
    );
    expect(kept(mixed)).toEqual([[]]);
  });

  test('begin with the sample after the rule: what grew before is not known', () => {
    const stage = create();
    push(
      [
        { w: 0 },
        sample(1000, 5, [
          [1, 4],
          [inf, 5],
        ]),
      ],
      { stage },
    );
    stage.takeUp(quantile);
    const rows = [
      sample(15_000, 7, [
        [1, 5],
        [inf, 7],
      ]),
      sample(25_000, 9, [
        [1, 6],
        [inf, 9],
      ]),
      sample(29_000, 12, [
        [1, 8],
        [inf, 12],
      ]),
      { w: 30_000 },
    ];
    const { batches } = push(rows, { stage });
    const buckets = batches.flatMap(({ partials }) =>
      partials.filter(({ selection }) => selection === quantile.selections[0]?.id).map((one) => one.buckets),
    );
    expect(buckets).toEqual([[], [], expect.arrayContaining([{ le: inf, count: 4 }])]);
  });

  test('come through a checkpoint, in the middle of a window', () => {
    const rows = [
      { w: 0 },
      sample(1000, 5, [
        [1, 4],
        [inf, 5],
      ]),
      sample(4000, 6, [
        [1, 4],
        [inf, 6],
      ]),
      sample(9000, 9, [
        [1, 7],
        [inf, 9],
      ]),
      { w: 10_000 },
    ];
    const whole = kept(pushed(...rows));
    expect(whole).toEqual([
      [
        [1, 3],
        [inf, 4],
      ],
    ]);
    for (let cut = 1; cut < rows.length; cut++) {
      const { stage } = push(rows.slice(0, cut), { stage: create(quantile) });
      expect(kept(push(rows.slice(cut), { stage: restored(stage) }))).toEqual(whole);
    }
  });

  test('of a series that is forgotten are forgotten', () => {
    const far = 61 * minute;
    const done = pushed(
      { w: 0 },
      sample(1000, 5, [
        [1, 4],
        [inf, 5],
      ]),
      { w: far },
      sample(far + 1000, 6, [
        [1, 4],
        [inf, 6],
      ]),
      sample(far + 9000, 8, [
        [1, 5],
        [inf, 8],
      ]),
      { w: far + 20_000 },
    );
    expect(kept(done).at(-1)).toEqual([
      [1, 1],
      [inf, 2],
    ]);
  });
});
