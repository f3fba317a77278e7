import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromRecord, SharedBounds, shared } from './buckets.js';
import { OpenWindow } from './open-window.js';
import { greatest } from './sums.js';
import { groupText } from './text.js';

const START = 1_700_000_000_000;
const END = START + 30_000;

const partial = fc.record({
  source: fc.nat({ max: 3 }),
  /** More of them than there is room for at first. */
  group: fc.nat({ max: 99 }),
  requests: fc.double({ noNaN: true }),
  latencySum: fc.double(),
  errors: fc.double({ noNaN: true }),
  samples: fc.nat(),
  covered: fc.boolean(),
  buckets: fc.option(
    fc.subarray([0.1, 1, Infinity]).map((all) => all.map((le) => ({ le, count: 0.1 + le }))),
  ),
  max: fc.option(fc.double({ noNaN: true })),
});

test('a group has the sums of its partials by source partition, however they come; the last one of a partition counts', () => {
  fc.assert(
    fc.property(fc.array(partial, { maxLength: 300 }), (all) => {
      const window = new OpenWindow('s', START, new SharedBounds());
      const labels = Array.from({ length: 100 }, (_, i) => Object.freeze({ route: `/${i}` }));
      const expected = new Map<number, (typeof all)[number][]>();
      for (const { source, group, ...sums } of all) {
        window.add(source, { selection: 's', group: labels[group] ?? {}, start: START, ...sums });
        const parts = expected.get(group) ?? [];
        parts[source] = { source, group, ...sums };
        expected.set(group, parts);
      }
      expect(window.merged(END)).toEqual(
        [...expected].map(([group, holey]) => {
          const parts = holey.filter((one) => one !== undefined);
          const sum = (of: (one: (typeof parts)[number]) => number): number =>
            parts.reduce((total, one) => total + of(one), 0);
          const kept = parts.flatMap(({ buckets }) => (buckets === null ? [] : [buckets]));
          return {
            text: groupText({ route: `/${group}` }),
            labels: { route: `/${group}` },
            start: START,
            end: END,
            requests: sum((one) => one.requests),
            latencySum: sum((one) => one.latencySum),
            errors: sum((one) => one.errors),
            samples: sum((one) => one.samples),
            covered: parts.some((one) => one.covered),
            buckets: shared(kept.map(fromRecord)),
            max: parts.reduce<number | null>((max, one) => greatest(max, one.max), null),
          };
        }),
      );
    }),
  );
});
