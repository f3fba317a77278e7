import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GroupTable } from './groups.js';
import { byCodeUnits } from './text.js';

describe('groups of a selection', () => {
  test('are sorted by their texts, be they few of all or many', () => {
    const routes = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), {
      minLength: 40,
      maxLength: 60,
    });
    const few = fc.nat(4);
    fc.assert(
      fc.property(routes, few, fc.boolean(), (all, some, many) => {
        const groups = new GroupTable(['route'], { targets: 1, maxGroups: 100 });
        const ids = all.map((route) => groups.refer({ route })).slice(0, many ? 60 : some);
        const sorted = groups.sort([...ids]);
        expect([...sorted].sort((a, b) => a - b)).toEqual(ids);
        const texts = sorted.map((id) => groups.get(id).text);
        expect(texts).toEqual([...texts].sort(byCodeUnits));
      }),
    );
  });

  test('find their place among others that came or went since', () => {
    const groups = new GroupTable(['route'], { targets: 1, maxGroups: 100 });
    const refer = (route: string): number => groups.refer({ route });
    const [d, a, c] = [refer('d'), refer('a'), refer('c')];
    expect(groups.sort([d, a, c])).toEqual([a, c, d]);
    groups.release(a);
    expect(groups.sort([d, c])).toEqual([c, d]);
    const b = refer('b');
    expect(groups.sort([d, c, b])).toEqual([b, c, d]);
  });
});
