import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { WindowRecord } from '../../schemas/types.js';
import { Driver, type Outputs, type Row, rules, type Spec, T } from './driver.fixture.js';

const plain = rules('alert: A, when: mean_latency > 1000s');
const brief = ({ start, group, requests }: WindowRecord): unknown[] => [
  (start - T) / 1000,
  group.route,
  requests,
];
const windowsOf = ({ windows }: Outputs): unknown[][] => windows.map(brief);
const row = (start: number, requests: number, route = '/a'): Row => ({ start, requests, route });

/** What each push gives, window by window. */
type Case = readonly [name: string, pushes: readonly Spec[], windows: unknown[][][]];

describe('a batch', () => {
  test.each<Case>([
    ['closes its windows', [{ w: 10_000, rows: [row(0, 3)] }], [[[0, '/a', 3]]]],
    [
      'is taken once its last part has come',
      [
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 1, last: false, rows: [row(0, 4, '/b')] },
        { w: 10_000, part: 2, rows: [row(0, 5, '/c')] },
      ],
      [
        [],
        [],
        [
          [0, '/a', 3],
          [0, '/b', 4],
          [0, '/c', 5],
        ],
      ],
    ],
    [
      'may repeat a part',
      [
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 1, rows: [row(0, 4, '/b')] },
      ],
      [
        [],
        [],
        [
          [0, '/a', 3],
          [0, '/b', 4],
        ],
      ],
    ],
    [
      'may begin again before it is whole',
      [
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 1, last: false, rows: [row(0, 4, '/b')] },
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 1, last: false, rows: [row(0, 4, '/b')] },
        { w: 10_000, part: 2 },
      ],
      [
        [],
        [],
        [],
        [],
        [],
        [
          [0, '/a', 3],
          [0, '/b', 4],
        ],
      ],
    ],
    [
      'is not taken where a part is missing, until it is sent again',
      [
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 10_000, part: 2, previous: null, rows: [row(0, 5, '/c')] },
        { w: 10_000, part: 1, last: false, previous: null, rows: [row(0, 4, '/b')] },
        { w: 10_000, part: 2, previous: null, rows: [row(0, 5, '/c')] },
      ],
      [
        [],
        [],
        [],
        [
          [0, '/a', 3],
          [0, '/b', 4],
          [0, '/c', 5],
        ],
      ],
    ],
    [
      'gives way to a later one where it is not whole',
      [
        { w: 10_000, part: 0, last: false, rows: [row(0, 3)] },
        { w: 20_000, rows: [row(10_000, 4)] },
      ],
      [[], [[10, '/a', 4]]],
    ],
    [
      'holds nothing for a selection that nobody knows',
      [{ w: 10_000, rows: [{ ...row(0, 3), selection: 'x' }] }],
      [[]],
    ],
  ])('%s', (_, pushes, windows) => {
    const driver = new Driver(plain);
    expect(pushes.map((spec) => windowsOf(driver.push(spec)))).toEqual(windows);
    expect(driver.warnings).toEqual([]);
    const restored = new Driver(plain);
    const again = pushes.map((spec) => {
      restored.crash();
      return windowsOf(restored.push(spec));
    });
    expect(again).toEqual(windows);
  });

  test('that cannot be read, or is none, is a dead letter; a checkpoint is passed over', () => {
    const codec = embeddedCodec();
    const state = { id: 'evaluate-0-9', part: 0, last: true, digest: '', payload: Buffer.from('x') };
    const mark = codec.encode('Watermark', { timestamp: T, source: 's', partitions: 1 });
    const { letters } = new Driver(plain).pushValues(
      codec.encode('StageState', state),
      Buffer.from('junk'),
      mark,
    );
    expect(
      letters.map(({ reason, topic, partition, offset, records }) => [
        reason,
        topic,
        partition,
        offset,
        records,
      ]),
    ).toEqual([
      ['bad', 'partials', 0, 1, 1],
      ['bad', 'partials', 0, 2, 1],
    ]);
    expect(letters[0]?.value).toEqual(Buffer.from('junk'));
  });

  test('transactions are not a proof by themselves: here what comes twice is known, and what is missing is said', () => {
    const driver = new Driver(plain);
    const pushed = [
      { w: 20_000, rows: [row(10_000, 3)] },
      { w: 20_000, previous: null, rows: [row(10_000, 9)] },
      { w: 10_000, previous: null, rows: [row(0, 9)] },
      { w: 30_000, previous: 20_000, rows: [row(20_000, 4)] },
    ].map((spec) => driver.push(spec).windows.map(({ start, requests }) => [start - T, requests]));
    expect([pushed, driver.warnings]).toEqual([[[[10_000, 3]], [], [], [[20_000, 4]]], []]);
    driver.push({ w: 50_000, previous: 40_000 });
    expect(driver.warnings).toEqual([expect.stringContaining(`from ${T + 40_000}, but ${T + 30_000}`)]);
  });

  test.each<readonly [name: string, pushes: readonly Spec[], warnings: readonly string[]]>([
    ['the first batch is no gap', [{ w: 10_000 }], []],
    ['a first batch that goes on from another is one', [{ w: 10_000, previous: 0 }], [`from ${T}, but null`]],
    [
      'a batch that goes on from one not read is one',
      [{ w: 10_000 }, { w: 30_000, previous: 20_000 }],
      [`from ${T + 20_000}, but ${T + 10_000}`],
    ],
    [
      'a batch that begins anew is one',
      [{ w: 10_000 }, { w: 20_000, previous: null }],
      [`from null, but ${T + 10_000}`],
    ],
    [
      'sources have a chain of their own',
      [
        { w: 10_000, sources: 2 },
        { w: 20_000, sources: 2, source: 1 },
        { w: 30_000, sources: 2 },
        { w: 30_000, sources: 2, source: 1 },
      ],
      [],
    ],
  ])('says a gap: %s', (_, pushes, warnings) => {
    const driver = new Driver(plain);
    driver.push(...pushes);
    expect(driver.warnings).toEqual(warnings.map((text) => expect.stringContaining(text)));
  });
});

describe('the watermark', () => {
  test.each<Case>([
    [
      'is the least over all source partitions',
      [
        { w: 10_000, sources: 2, rows: [row(0, 3)] },
        { w: 9_000, sources: 2, source: 1 },
        { w: 10_000, sources: 2, source: 1, rows: [row(0, 4)] },
      ],
      [[], [], [[0, '/a', 7]]],
    ],
    [
      'waits for the greatest number of source partitions seen',
      [
        { w: 10_000, sources: 3, rows: [row(0, 3)] },
        { w: 10_000, sources: 1, source: 1 },
        { w: 20_000, sources: 1 },
        { w: 10_000, sources: 1, source: 2 },
      ],
      [[], [], [], [[0, '/a', 3]]],
    ],
    [
      'never goes back, and a closed window never opens again, where the number grows',
      [
        { w: 20_000, rows: [row(10_000, 3)] },
        { w: 30_000, sources: 2, rows: [row(20_000, 4)] },
        { w: 20_000, sources: 2, source: 1, rows: [row(0, 9), row(10_000, 9, '/b')] },
        { w: 30_000, sources: 2, source: 1, rows: [row(20_000, 5)] },
      ],
      [[[10, '/a', 3]], [], [], [[20, '/a', 9]]],
    ],
  ])('%s', (_, pushes, windows) => {
    const driver = new Driver(plain);
    expect(pushes.map((spec) => windowsOf(driver.push(spec)))).toEqual(windows);
    const restored = new Driver(plain);
    const marks: number[] = [];
    const again = pushes.map((spec) => {
      restored.crash();
      const out = windowsOf(restored.push(spec));
      marks.push(restored.watermark);
      return out;
    });
    expect(again).toEqual(windows);
    expect(marks).toEqual([...marks].sort((a, b) => a - b));
  });
});
