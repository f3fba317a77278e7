import { describe, expect, test } from 'vitest';
import { SyntaxProblem } from './diagnostics.js';
import { parseSelector } from './selector.js';

/** Matchers as `label operator value`. */
const read = (text: string): readonly [string | null, ...string[]] => {
  const { metric, matchers } = parseSelector(text);
  return [metric, ...matchers.map(({ label, operator, value }) => `${label} ${operator} ${value}`)];
};

describe('a selector', () => {
  test.each<[string, readonly (string | null)[]]>([
    ['{}', [null]],
    ['http_requests', ['http_requests']],
    ['job:requests:rate5m{}', ['job:requests:rate5m']],
    ['{service="checkout"}', [null, 'service = checkout']],
    ['name{a="1",b!="2",c=~"3",d!~"4"}', ['name', 'a = 1', 'b != 2', 'c =~ 3', 'd !~ 4']],
    [' name { a = "1" , b =~ "2" , } ', ['name', 'a = 1', 'b =~ 2']],
    ['{a="x"\n,b="y"}', [null, 'a = x', 'b = y']],
    ['{a=\'x "y"\'}', [null, 'a = x "y"']],
    ['{a=`x\\.y`}', [null, 'a = x\\.y']],
    ['{a=""}', [null, 'a = ']],
    ['{a=~""}', [null, 'a =~ ']],
    ['{a="x",a!="y"}', [null, 'a = x', 'a != y']],
    ['{a="é{}=,😀"}', [null, 'a = é{}=,😀']],
    ['{a="\\\\\\"\\\'\\n\\t\\r"}', [null, 'a = \\"\'\n\t\r']],
    ['{a=~"(?<=x)y"}', [null, 'a =~ (?<=x)y']],
    ['{a="("}', [null, 'a = (']],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

describe('what is none is refused', () => {
  const whole = [
    '',
    '   ',
    '{',
    '}',
    '{a}',
    '{a=}',
    '{a=b}',
    '{a=="b"}',
    '{a="b"',
    '{a="b}',
    '{a="b" c="d"}',
    '{,}',
    '{a="b",,}',
    '{"a"="b"}',
    '{a="b"} name',
    'one two',
    'name{}{}',
    '{a="b"}[5m]',
    '5xx',
    '=',
  ];
  test.each(whole)('%j', (text) => {
    expect(() => parseSelector(text)).toThrow(
      new SyntaxProblem(`"${text}" is no selector: write it like {service="checkout",status=~"5.."}`),
    );
  });

  test.each([
    ['{a="\\."}', '\\. is no escape: write a backslash as \\\\'],
    ["{a='\\x41'}", '\\x is no escape: write a backslash as \\\\'],
    ['{a=~"["}', '"[" is no regular expression: Unterminated character class'],
    ['{a!~"a{2"}', '"a{2" is no regular expression: Incomplete quantifier'],
    ['{a=~")|("}', `")|(" is no regular expression: Unmatched ')'`],
    ['{a:b="x"}', '"a:b" is no label name'],
    ['{__name__="x"}', '"__name__" is no label here: write the metric in front, like name{a="x"}'],
    ['{__proto__="x"}', '"__proto__" is reserved: no label begins with __'],
  ])('%s', (text, message) => {
    expect(() => parseSelector(text)).toThrow(new SyntaxProblem(message));
  });
});
