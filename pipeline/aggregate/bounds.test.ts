import { describe, expect, test } from 'vitest';
import type { PartialBatch } from '../../schemas/types.js';
import type { RuleSet } from '../model/rule.js';
import { groupText } from '../model/text.js';
import { recompile } from '../sla/compile.js';
import { metricDecoding } from '../stage/decoding.js';
import { StageDriver } from '../stage/driver.js';
import { aggregateFactory } from './aggregate.js';
import { codec, plain, push, type Row, restored, rules, type Stage } from './driver.fixture.js';

const bounded = (maxGroups: number, set: RuleSet = plain): { stage: Stage; warned: string[] } => {
  const warned: string[] = [];
  const factory = aggregateFactory({
    decoding: () => metricDecoding(codec),
    compile: recompile,
    targets: 1,
    maxGroups,
    warn: (message) => warned.push(message),
  });
  return {
    warned,
    stage: new StageDriver({ factory, partition: 3, rules: set, checkpointEvery: Number.POSITIVE_INFINITY }),
  };
};
/** Requests and errors by group, over all windows. */
function totals(
  batches: readonly PartialBatch[],
): Record<string, readonly [requests: number, errors: number]> {
  const all: Record<string, readonly [number, number]> = {};
  for (const { group, requests, errors } of batches.flatMap(({ partials }) => partials)) {
    const text = groupText(group);
    const [before, wrong] = all[text] ?? [0, 0];
    all[text] = [before + requests, wrong + errors];
  }
  return all;
}
/** Born at T, 5 s old, with so many requests. */
const born = (route: string, count: number, status = '200'): Row => ({
  t: 5000,
  start: 0,
  count,
  route,
  status,
});
const overflow = '{route="__overflow__"}';

describe('groups beyond the limit', () => {
  test('count in one overflow group, errors too; it is said once, and counted', () => {
    const { stage, warned } = bounded(2);
    const rows = [born('/a', 1), born('/b', 2), born('/c', 3), born('/d', 4, '500'), born('/a', 5, '404')];
    const { batches, counted, letters } = push([{ w: 0 }, ...rows, { w: 10_000 }], { stage });
    expect(totals(batches)).toEqual({ '{route="/a"}': [6, 0], '{route="/b"}': [2, 0], [overflow]: [7, 4] });
    expect(counted).toEqual({ aggregated: 5 });
    expect(letters).toEqual([]);
    expect(stage.stage.groups).toEqual([
      { selection: plain.selections[0]?.id, groups: 2, overflowSamples: 2 },
    ]);
    push([{ t: 12_000, count: 4, route: '/c' }], { stage });
    expect(stage.stage.groups[0]?.overflowSamples).toBe(3);
    expect(warned).toEqual([
      'A: partition 3 of metrics holds 2 groups by (route), the limit; what belongs to others counts in one group whose labels are __overflow__: take a label out of `by`, or select less with `match`',
    ]);
  });

  test('are in a checkpoint: what was in no group of its own stays there', () => {
    const { stage } = bounded(1);
    push([{ w: 0 }, born('/b', 1), born('/a', 1)], { stage });
    const after = push([{ t: 6000, count: 9, route: '/a' }, { w: 10_000 }], { stage: restored(stage) });
    expect(totals(after.batches)).toEqual({ '{route="/b"}': [1, 0], [overflow]: [9, 0] });
    expect(stage.stage.groups[0]).toMatchObject({ groups: 1, overflowSamples: 2 });
  });

  test('belong to those labels that the overflow group has, and need no place for that', () => {
    const { stage } = bounded(1);
    const { batches } = push([{ w: 0 }, born('__overflow__', 1), born('/a', 2), { w: 10_000 }], { stage });
    expect(totals(batches)).toEqual({ '{route="/a"}': [2, 0], [overflow]: [1, 0] });
  });

  test('there are none where a selection is by nothing', () => {
    const { stage, warned } = bounded(
      1,
      rules('  - { alert: A, by: [], window: 10s, when: mean_latency > 1s }\n'),
    );
    const { batches } = push([{ w: 0 }, born('/a', 1), born('/b', 2), { w: 10_000 }], { stage });
    expect(totals(batches)).toEqual({ '{}': [3, 0] });
    expect(stage.stage.groups[0]?.overflowSamples).toBe(0);
    expect(warned).toEqual([]);
  });

  test('find a place from the watermark on that forgets the last series of another, wherever batches are cut', () => {
    // Every four minutes one request more a second, of /b, while /a is silent; the hour is over at 3605 s.
    const rows: Row[] = [{ w: 0 }, born('/a', 1), born('/b', 5)];
    for (let t = 240_000; t <= 3_600_000; t += 240_000)
      rows.push({ t, count: t / 1000, route: '/b' }, { w: t });
    rows.push({ w: 3_605_000 }, { t: 3_610_000, count: 3_610, route: '/b' });
    rows.push({ w: 3_605_001 }, { t: 3_620_000, count: 3_620, route: '/b' }, { w: 3_640_000 });
    const expected = { '{route="/a"}': [1, 0], [overflow]: [3_610, 0], '{route="/b"}': [10, 0] };
    for (const [cut, crash] of [
      [1, false],
      [3, true],
      [7, false],
      [rows.length, false],
    ] as const) {
      let { stage } = bounded(1);
      const batches: PartialBatch[] = [];
      for (let at = 0; at < rows.length; at += cut) {
        batches.push(...push(rows.slice(at, at + cut), { stage }).batches);
        if (crash) stage = restored(stage);
      }
      const found = Object.entries(totals(batches)).map(([text, sums]) => [text, sums.map(Math.round)]);
      expect(Object.fromEntries(found)).toEqual(expected);
    }
  });

  test('get places in a new selection in order of their keys', () => {
    const { stage } = bounded(
      2,
      rules('  - { alert: Old, by: [status], window: 10s, when: mean_latency > 1s }\n'),
    );
    push([{ w: 0 }, ...['/c', '/b', '/a', '/d'].map((route) => born(route, 1)), { w: 10_000 }], { stage });
    stage.takeUp(plain);
    const rows = ['/d', '/c', '/b', '/a'].map((route) => ({ t: 15_000, count: 21, route }));
    const { batches } = push([...rows, { w: 20_000 }], { stage: restored(stage) });
    expect(totals(batches)).toEqual({
      '{route="/a"}': [10, 0],
      '{route="/b"}': [10, 0],
      [overflow]: [20, 0],
    });
  });
});

describe('a series with labels beyond the limits', () => {
  const long = { route: '/a', agent: 'x'.repeat(1_025) };

  test('is bad, with what is too long, and counted; unselected where nobody wants it', () => {
    const { stage } = bounded(1);
    const row = (name?: string): Row => ({
      t: 5000,
      start: 0,
      count: 1,
      labels: long,
      ...(name && { name }),
    });
    const { counted, letters, batches } = push([{ w: 0 }, row(), row('other'), row(), { w: 10_000 }], {
      stage,
    });
    expect(counted).toEqual({ unselected: 1, bad: 2 });
    expect(letters.map(({ reason, detail }) => [reason, detail])).toEqual(
      Array(2).fill([
        'bad',
        `the value of its label agent has 1025 bytes, 1024 is the limit: ${'x'.repeat(40)}...`,
      ]),
    );
    expect(totals(batches)).toEqual({});
    expect(restored(stage).stage.account.refused).toBe(2);
  });

  test('is unselected as a type that no rule measures', () => {
    const { stage } = bounded(1);
    const gauge: Row = { t: 5000, count: 1, sum: 3, labels: long, type: 'gauge' };
    expect(push([{ w: 0 }, gauge], { stage }).counted).toEqual({ unselected: 1 });
    expect(stage.stage.account.refused).toBe(0);
  });

  test('is bad even where it is ahead of the watermark', () => {
    const { stage } = bounded(1);
    expect(push([{ t: 5000, count: 1, labels: long }], { stage }).counted).toEqual({ bad: 1 });
    expect(push([{ t: 5000, count: 1, route: '/a' }], { stage }).counted).toEqual({ bad: 1, skewed: 1 });
  });
});
