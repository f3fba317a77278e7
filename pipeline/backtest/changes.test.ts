import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changesOf } from './changes.js';
import type { Episode } from './episodes.js';

const episode = (from: number, until: number | null, more: Partial<Episode> = {}): Episode => ({
  ...{
    id: `${more.alert ?? 'A'} ${from}`,
    rule: more.alert ?? 'A',
    alert: 'A',
    severity: 'warning',
    group: { route: '/a' },
  },
  ...{ startsAt: from, from, until, reason: null, measure: 'mean_latency', operator: '>' },
  ...{ peak: 1, threshold: 1 },
  ...more,
});

const said = (before: readonly Episode[], after: readonly Episode[]): string[] =>
  changesOf(before, after).map(
    ({ change, old, new: other }) => `${change} ${old?.id ?? '-'} ${other?.id ?? '-'}`,
  );

test.each<[string, readonly Episode[], readonly Episode[], readonly string[]]>([
  ['nothing', [], [], []],
  ['the same', [episode(10, 20)], [episode(10, 20, { peak: 2, threshold: 3 })], []],
  ['one that comes', [], [episode(10, 20)], ['comes - A 10']],
  ['one that goes', [episode(10, 20)], [], ['goes A 10 -']],
  ['another end', [episode(10, 20)], [episode(10, 30)], ['changes A 10 A 10']],
  ['another severity', [episode(10, 20)], [episode(10, 20, { severity: 'info' })], ['changes A 10 A 10']],
  ['one that is not over', [episode(10, null)], [episode(15, 20)], ['changes A 10 A 15']],
  [
    'one that fires later, and began alike',
    [episode(10, 20)],
    [episode(30, 40, { startsAt: 5 })],
    ['changes A 10 A 30'],
  ],
  ['times that do not meet', [episode(10, 20)], [episode(30, 40)], ['goes A 10 -', 'comes - A 30']],
  ['another group', [episode(10, 20)], [episode(10, 20, { group: {} })], ['goes A 10 -', 'comes - A 10']],
  ['another rule', [episode(10, 20)], [episode(10, 20, { alert: 'B' })], ['goes A 10 -', 'comes - B 10']],
  [
    'one that falls apart',
    [episode(10, 50)],
    [episode(10, 20), episode(30, 50)],
    ['changes A 10 A 10', 'comes - A 30'],
  ],
])('%s', (_, before, after, expected) => {
  expect(said(before, after)).toEqual(expected);
});

test('each alert is in one change at most, and none is lost', () => {
  const episodes = fc
    .array(fc.record({ gap: fc.nat(5), length: fc.nat(5) }), { maxLength: 12 })
    .map((parts) => {
      let at = 0;
      return parts.map(({ gap, length }) => {
        const from = at + gap + 1;
        at = from + length + 1;
        return episode(from, at);
      });
    });
  fc.assert(
    fc.property(episodes, episodes, (before, after) => {
      const changes = changesOf(before, after);
      const old = changes.flatMap((one) => (one.old ? [one.old] : []));
      const later = changes.flatMap((one) => (one.new ? [one.new] : []));
      expect(new Set(old).size).toBe(old.length);
      expect(new Set(later).size).toBe(later.length);
      // What is in no change is the same in both.
      const times = ({ from, until }: Episode): string => `${from} ${until}`;
      expect(before.filter((one) => !old.includes(one)).map(times)).toEqual(
        after.filter((one) => !later.includes(one)).map(times),
      );
      expect(changesOf(before, before)).toEqual([]);
    }),
  );
});
