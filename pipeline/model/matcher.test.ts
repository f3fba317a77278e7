import { describe, expect, test } from 'vitest';
import { compileMatchers, type Labels, type Matcher } from './matcher.js';

const matches = (operator: Matcher['operator'], value: string, labels: Labels): boolean =>
  compileMatchers([{ label: 'route', operator, value }])(labels);

describe('a matcher', () => {
  test.each<[Matcher['operator'], string, Labels, boolean]>([
    ['=', '/a', { route: '/a' }, true],
    ['=', '/a', { route: '/ab' }, false],
    ['=', '/.', { route: '/a' }, false],
    ['=', '', {}, true],
    ['=', '', { route: '' }, true],
    ['=', '', { route: '/a' }, false],
    ['!=', '/a', { route: '/b' }, true],
    ['!=', '/a', { route: '/a' }, false],
    ['!=', '/a', {}, true],
    ['!=', '', {}, false],
    ['=~', '/.', { route: '/a' }, true],
    ['=~', '/.', { route: '/ab' }, false],
    ['=~', '/.', { route: 'x/a' }, false],
    ['=~', '/a|/b', { route: '/b' }, true],
    ['=~', '/a|/b', { route: '/bc' }, false],
    ['=~', '/a|/b', { route: 'x/a' }, false],
    ['=~', '.*', {}, true],
    ['=~', '.+', {}, false],
    ['=~', '', {}, true],
    ['=~', '', { route: '/a' }, false],
    ['=~', '/a.b', { route: '/a\nb' }, true],
    ['=~', '/a', { route: '/a\n' }, false],
    ['=~', '/.', { route: '/😀' }, true],
    ['=~', '(?<=/)a|/a', { route: '/a' }, true],
    ['!~', '/.', { route: '/ab' }, true],
    ['!~', '/.', { route: '/a' }, false],
    ['!~', '.+', {}, true],
    ['!~', '.*', {}, false],
  ])('route%s"%s" of %j: %s', (operator, value, labels, expected) => {
    expect(matches(operator, value, labels)).toBe(expected);
  });

  test.each(['constructor', 'toString', '__proto__'])('finds no label %s that is not there', (label) => {
    expect(compileMatchers([{ label, operator: '=', value: '' }])({})).toBe(true);
  });

  test.each(['(', 'a)|(?:b', ')(', '[', '(?i)a', '\\z'])('refuses the regex %s', (value) => {
    expect(() => matches('=~', value, {})).toThrow(SyntaxError);
    expect(() => matches('!~', value, {})).toThrow(SyntaxError);
    expect(matches('=', value, { route: value })).toBe(true);
  });
});

test('all matchers must match, none at all match everything', () => {
  const both = compileMatchers([
    { label: 'a', operator: '=', value: '1' },
    { label: 'b', operator: '!=', value: '2' },
  ]);
  expect([both({ a: '1' }), both({ a: '1', b: '2' }), both({ b: '3' })]).toEqual([true, false, false]);
  expect(compileMatchers([])({ a: '1' })).toBe(true);
});
