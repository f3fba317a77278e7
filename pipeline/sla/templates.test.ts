import { describe, expect, test } from 'vitest';
import type { Rule } from '../model/rule.js';
import { recompile } from './compile.js';
import { SyntaxProblem } from './diagnostics.js';
import { checkTemplate, expandTemplate } from './templates.js';

const rule = (when: string): Rule => {
  const [only] = recompile('sla.yaml', `version: 1\nslas:\n  - { alert: A, when: ${when} }\n`).rules;
  if (!only) throw new Error('no rule');
  return only;
};
const latency = rule('mean_latency > 1s');
const labels = { route: '/a' };

describe('a template is filled', () => {
  test.each<[string, Rule, number | null, string]>([
    ['{{ $value }}', latency, 0.412, '412ms'],
    ['{{$value}} {{  $value  }}', latency, 1.5, '1.5s 1.5s'],
    ['{{ $value }}', rule('request_rate > 1/s'), 71.24, '71.2/s'],
    ['{{ $value }}', rule('error_ratio > 1%'), 0.023, '2.3%'],
    ['{{ $value }}', latency, null, 'no data'],
    ['{{ $labels.route }}: {{ $value }}', latency, 0.1, '/a: 100ms'],
    ['[{{ $labels.method }}]', latency, 0.1, '[]'],
    ['[{{ $labels.constructor }}]', latency, 0.1, '[]'],
    ['plain }} text { $value }', latency, 0.1, 'plain }} text { $value }'],
    ['', latency, 0.1, ''],
  ])('%s', (template, one, value, expected) => {
    checkTemplate(template);
    expect(expandTemplate(template, one, labels, value)).toBe(expected);
  });

  test('with what a label holds, and no further', () => {
    const odd = { route: '{{ $value }} $& $1' };
    expect(expandTemplate('{{ $labels.route }}', latency, odd, 1)).toBe('{{ $value }} $& $1');
  });
});

test.each([
  ['{{ $foo }}', '$foo'],
  ['{{ value }}', 'value'],
  ['{{ $labels }}', '$labels'],
  ['{{ $labels.a-b }}', '$labels.a-b'],
  ['{{ $value | humanize }}', '$value | humanize'],
  ['{{}}', ''],
  ['{{ {{ $value }}', '{{ $value'],
])('%s is unknown', (template, inner) => {
  expect(() => checkTemplate(template)).toThrow(
    new SyntaxProblem(`unknown template {{ ${inner} }}: there are {{ $value }} and {{ $labels.NAME }}`),
  );
});

test.each(['{{ $value', '{{ $value }', 'a {{', '{{ $value }} {{'])('%s is not closed', (template) => {
  expect(() => checkTemplate(template)).toThrow(new SyntaxProblem('a template is not closed: {{ needs }}'));
});
