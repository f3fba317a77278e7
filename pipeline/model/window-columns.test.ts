import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recompile } from '../sla/compile.js';
import { calmBaseline, type PastWindow } from './baseline.js';
import type { Rule } from './rule.js';
import type { Sharing } from './shared-baselines.js';
import type { GroupWindow } from './sums.js';
import { judgedBy } from './verdict.js';
import { WindowColumns } from './window-columns.js';

const W = 10_000;
const NOW = 100 * W;
const ruleOf = (text: string): Rule =>
  recompile('sla.yaml', `version: 1\nslas: [{ alert: A, by: [route], window: 10s, ${text} }]\n`)
    .rules[0] as Rule;

const sums = fc.record({
  requests: fc.constantFrom(0, 1, 2, 5, 10),
  latencySum: fc.constantFrom(0, 0.5, 1, 2, 10),
  errors: fc.constantFrom(0, 1, 2),
});
const groups = fc.array(
  fc.record({
    ...{ now: sums, covered: fc.boolean() },
    past: fc.array(sums, { maxLength: 4 }),
  }),
  { maxLength: 12 },
);

type Summed = Pick<GroupWindow, 'requests' | 'latencySum' | 'errors'>;
interface Given {
  readonly now: Summed;
  readonly covered: boolean;
  readonly past: readonly Summed[];
}

const sharing = ({ now, covered, past }: Given, i: number): Sharing => {
  const more = { buckets: null, max: null };
  const windows: readonly PastWindow[] = past.map((one, k) => ({
    ...{ start: NOW - (past.length - k) * W, ms: W },
    ...{ ...one, ...more },
  }));
  const merged: GroupWindow = {
    ...{ text: `{route="/${i}"}`, labels: { route: `/${i}` }, start: NOW, end: NOW + W },
    ...{ samples: 1, covered, ...more, ...now },
  };
  return { merged, past: windows };
};
const columnsOf = (groups: readonly Sharing[]): WindowColumns => new WindowColumns(groups, NOW + W);

const baseline = 'baseline: { windows: 4, min_windows: 2 }';

describe('the groups that a rule has to look at', () => {
  test.each([
    ...['>', '>=', '<', '<=', '==', '!='].flatMap((operator) => [
      `when: mean_latency ${operator} 500ms`,
      `when: mean_latency ${operator} 1 * baseline, ${baseline}`,
      `when: error_ratio ${operator} 1.5 * baseline, ${baseline}`,
    ]),
    'when: request_rate > 0.2/s, min_requests: 2',
    `when: mean_latency > 2 * baseline, baseline: { windows: 4, min_windows: 1, method: median }`,
    'when: p99_latency > 300ms',
  ])('by %s are those of which it cannot be said that it does not hold', (text) => {
    const rule = ruleOf(text);
    fc.assert(
      fc.property(groups, (all) => {
        const shared = all.map(sharing);
        const notable = columnsOf(shared).notable(rule);
        const expected = shared.flatMap(({ merged, past }, i) => {
          const baseline = calmBaseline({ rule, start: NOW, end: NOW + W, past });
          return judgedBy(rule, merged, baseline) === false ? [] : [i];
        });
        expect(notable).toEqual(expected);
      }),
    );
  });

  test.each([
    'when: [mean_latency > 1s, error_ratio > 1%]',
    'objective: 99%',
    'when: mean_latency > baseline + 3 * mad, baseline: { windows: 4, method: median }',
  ])('by %s are all', (text) => {
    const shared = [0, 1, 2].map((i) =>
      sharing({ now: { requests: 5, latencySum: 0, errors: 0 }, covered: true, past: [] }, i),
    );
    expect(columnsOf(shared).notable(ruleOf(text))).toEqual([0, 1, 2]);
  });

  test('are told by columns that all rules share', () => {
    const shared = [0, 1].map((i) =>
      sharing({ now: { requests: 1, latencySum: i, errors: 0 }, covered: true, past: [] }, i),
    );
    const columns = columnsOf(shared);
    const slow = (ms: number) => columns.notable(ruleOf(`when: mean_latency > ${ms}ms`));
    expect([slow(500), slow(2_000)]).toEqual([[1], []]);
    // What changes once they are there is not seen any more.
    (shared[0]?.merged as { latencySum: number }).latencySum = 9;
    expect(slow(500)).toEqual([1]);
  });
});
