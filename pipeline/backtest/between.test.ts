import { expect, test } from 'vitest';
import type { AlertRecord } from '../../schemas/types.js';
import { Between } from './between.js';

type Told = readonly [alert: string, state: AlertRecord['state'], at: number];

const record = ([alert, state, windowEnd]: Told): AlertRecord => ({
  ...{ id: `${alert} ${state} ${windowEnd}`, fingerprint: alert, alert, state, severity: 'info', labels: {} },
  ...{ annotations: {}, measure: 'mean_latency', operator: '>', value: 1, threshold: 1, requests: 1 },
  ...{ windowStart: windowEnd - 10, windowEnd, startsAt: 0, endsAt: null, baseline: null, context: [] },
  ...{ conditions: [], reason: null, rule: { file: 'sla.yaml', line: 1, revision: '0' } },
});

function told(records: readonly Told[], bounds = { from: 100, to: 200 }): string[] {
  const out: string[] = [];
  const between = new Between(bounds, ({ id }) => out.push(id));
  for (const one of records) between.take(record(one));
  between.end();
  return out;
}

test.each<[string, readonly Told[], readonly string[]]>([
  [
    'within',
    [
      ['A', 'firing', 101],
      ['A', 'resolved', 200],
    ],
    ['A firing 101', 'A resolved 200'],
  ],
  [
    'that ended before',
    [
      ['A', 'firing', 50],
      ['A', 'resolved', 100],
    ],
    [],
  ],
  [
    'that was never more than pending before',
    [
      ['A', 'pending', 50],
      ['A', 'inactive', 90],
    ],
    [],
  ],
  [
    'active at the beginning, before its next transition',
    [
      ['A', 'pending', 50],
      ['A', 'firing', 60],
      ['B', 'firing', 110],
      ['A', 'resolved', 120],
    ],
    ['B firing 110', 'A pending 50', 'A firing 60', 'A resolved 120'],
  ],
  [
    'active throughout, at the end',
    [
      ['A', 'firing', 60],
      ['B', 'firing', 110],
    ],
    ['B firing 110', 'A firing 60'],
  ],
  [
    'behind the end',
    [
      ['A', 'firing', 150],
      ['A', 'resolved', 201],
    ],
    ['A firing 150'],
  ],
  [
    'that fires again',
    [
      ['A', 'firing', 50],
      ['A', 'resolved', 60],
      ['A', 'firing', 90],
      ['A', 'resolved', 110],
    ],
    ['A firing 90', 'A resolved 110'],
  ],
])('transitions of an alert %s', (_, records, expected) => {
  expect(told(records)).toEqual(expected);
});

test('without bounds all are told', () => {
  const bounds = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  expect(
    told(
      [
        ['A', 'firing', 1],
        ['A', 'resolved', 2],
      ],
      bounds,
    ),
  ).toEqual(['A firing 1', 'A resolved 2']);
});
