import { describe, expect, test } from 'vitest';
import { recompile } from '../sla/compile.js';
import { counted, create, push, type Row, restored } from './driver.fixture.js';

const file = (jitter: string, when = 'mean_latency > 1s') =>
  recompile(
    'sla.yaml',
    `version: 1\n${jitter}slas:\n  - { alert: A, by: [route], window: 10s, when: ${when} }\n`,
  );
const tolerant = file('jitter: true\n');

const first = { t: 1000, count: 80, sum: 8 };
const last = { t: 9000, count: 90, sum: 9 };
/** Three samples in one window, of which the second may have fallen; and what came of them. */
const between = (second: Row, rules = tolerant) =>
  push([{ w: 0 }, first, second, last, { w: 10_000 }], { stage: create(rules) });

describe('with jitter', () => {
  test.each<readonly [name: string, second: Row]>([
    ['of the count', { t: 5000, count: 71, sum: 8 }],
    ['of the sum', { t: 5000, count: 80, sum: 7.01 }],
    ['of both', { t: 5000, count: 71, sum: 7.5 }],
  ])('a fall by less than an eighth is no reset, but ignored: %s', (_, second) => {
    const { windows, counted, letters } = between(second);
    // From the first to the last, as if it had not come.
    expect(windows).toEqual([[0, 10, 1, 0, 2, true]]);
    expect(counted).toEqual({ superseded: 1, aggregated: 2 });
    expect(letters).toEqual([]);
  });

  test.each<readonly [name: string, second: Row, window: unknown[]]>([
    ['of the count', { t: 5000, count: 70, sum: 8 }, [0, 70 + 20, 8 + 1, 0, 3, true]],
    ['of the sum', { t: 5000, count: 80, sum: 7 }, [0, 80 + 10, 7 + 2, 0, 3, true]],
    ['of the count, the sum by less', { t: 5000, count: 8, sum: 7.5 }, [0, 8 + 82, 7.5 + 1.5, 0, 3, true]],
    [
      'that a later start explains',
      { t: 5000, count: 79, sum: 8, start: 4000 },
      [0, 79 + 11, 8 + 1, 0, 3, true],
    ],
  ])('a fall by an eighth or more is a reset: %s', (_, second, window) => {
    const { windows, counted } = between(second);
    expect(windows).toEqual([window]);
    expect(counted).toEqual({ aggregated: 3 });
  });

  test('a bucket alone that fell is no reset', () => {
    const rules = file('jitter: true\n', 'p50_latency > 1s');
    const at = (t: number, count: number, fast: number): Row => {
      return {
        t,
        count,
        sum: 8,
        buckets: [
          [1, fast],
          [Infinity, count],
        ],
      };
    };
    const rows = [{ w: 0 }, at(1000, 80, 60), at(5000, 81, 59), at(9000, 90, 65), { w: 10_000 }];
    const { batches, counted } = push(rows, { stage: create(rules) });
    expect(batches.at(-1)?.partials[0]?.buckets).toEqual([
      { le: 1, count: 5 },
      { le: Infinity, count: 10 },
    ]);
    expect(counted).toEqual({ superseded: 1, aggregated: 2 });
  });
});

test('without it, every fall is a reset', () => {
  for (const rules of [file(''), file('jitter: false\n')])
    expect(between({ t: 5000, count: 79, sum: 8 }, rules).windows).toEqual([[0, 79 + 11, 8 + 1, 0, 3, true]]);
});

test('it holds from where the file is taken up, and over restarts', () => {
  const stage = create(file(''));
  push([{ w: 0 }, first], { stage });
  stage.takeUp(tolerant);
  restored(stage);
  push([{ t: 5000, count: 79, sum: 8 }], { stage });
  expect(counted(stage)).toEqual({ aggregated: 1, superseded: 1 });
  stage.takeUp(file(''));
  push([{ t: 6000, count: 79, sum: 8 }], { stage });
  expect(counted(stage)).toEqual({ aggregated: 2, superseded: 1 });
});
