import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileRules, recompile } from '../sla/compile.js';
import { formatDiagnostic } from '../sla/diagnostics.js';
import { type Conversion, convertPrometheus } from './convert.js';

const testdata = new URL('testdata/', import.meta.url);
const told = ({ left, notes }: Conversion): string =>
  [...notes.map((one) => `note ${formatDiagnostic(one)}`), ...left.map(formatDiagnostic), ''].join('\n');

function converted(file: string, text: string): Conversion {
  const conversion = convertPrometheus(file, text);
  if ('problems' in conversion) throw new Error(conversion.problems.map(formatDiagnostic).join('\n'));
  return conversion;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** One alert of this expression, and what else is said of it. */
const alert = (expr: string, more = ''): string =>
  `groups: [{ name: g, rules: [{ alert: A, expr: ${quoted(expr)}${more} }] }]\n`;

describe('rule files of Prometheus', () => {
  test.each(['services', 'nodes'])('%s: what came of it, and what did not', async (name) => {
    const file = `${name}.rules.yml`;
    const conversion = converted(file, readFileSync(new URL(file, testdata), 'utf8'));
    await expect(conversion.text).toMatchFileSnapshot(`testdata/${name}.sla.yaml`);
    await expect(told(conversion)).toMatchFileSnapshot(`testdata/${name}.told`);
    expect(recompile('sla.yaml', conversion.text ?? '').rules).toHaveLength(conversion.converted);
  });

  test('a file of which nothing comes gives no rule file', () => {
    expect(converted('r.yml', alert('vector(1)'))).toMatchObject({ text: null, converted: 0 });
    expect(converted('r.yml', 'groups: []')).toMatchObject({ text: null, converted: 0, left: [], notes: [] });
  });

  test.each([
    ['groups: [', 'r.yml:1:10'],
    ['- a', 'r.yml:1:1 there is no list of groups: it is no rule file of Prometheus'],
    ['groups: [{ name: g }]', 'r.yml:1:10 a group must have a list of rules'],
    ['groups: [{ rules: [{ alert: A }] }]', 'r.yml:1:20 a rule must have an alert or a record, and an expr'],
    [alert('x > 1', ', for: [5m]'), 'r.yml:1:61 for must be a text'],
    [
      alert('sum(rate(x[5m]) > 1'),
      'r.yml:1:67 alert A: "sum(rate(x[5m]) > 1" is no PromQL from column 20 on',
    ],
    [
      'groups:\n- rules:\n  - record: a:b\n    expr: |\n      sum(x)\n        by )\n',
      'r.yml:6:12 record a:b: ',
    ],
  ])('%j is none', (text, problem) => {
    const conversion = convertPrometheus('r.yml', text);
    expect('problems' in conversion && conversion.problems.map(formatDiagnostic)).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});

/** The one rule that comes of it, by the keys that matter. */
function ruleOf(expr: string, more = '') {
  const conversion = converted('r.yml', alert(expr, more));
  if (conversion.text === null) return conversion.left.map(({ message }) => message);
  const compiled = compileRules({ file: 'sla.yaml', text: conversion.text });
  if (!('rules' in compiled)) throw new Error('it does not compile');
  return compiled.rules.rules.map(({ condition, also, selection }) => {
    const conditions = [condition, ...also].map(({ measure, operator, threshold }) => [
      measure,
      operator,
      threshold.kind === 'fixed' ? threshold.value : null,
    ]);
    return [selection.text.replace(/ errors\{status=~"5.."\}/, ''), ...conditions];
  });
}

const rate = (name: string, range = '5m'): string => `sum by (a) (rate(${name}[${range}]))`;

describe('an expression becomes a rule', () => {
  test.each<[string, string, ...(readonly [string, string, number])[]]>([
    [`${rate('x_sum')} / ${rate('x_count')} > 0.3`, 'x{} by (a) 300000/30000 0', ['mean_latency', '>', 0.3]],
    [
      `1.5 <= ${rate('x_sum')} / ${rate('x_count')}`,
      'x{} by (a) 300000/30000 0',
      ['mean_latency', '>=', 1.5],
    ],
    [
      `1e3 * (${rate('x_sum')} / ${rate('x_count')}) > 250`,
      'x{} by (a) 300000/30000 0',
      ['mean_latency', '>', 0.25],
    ],
    [
      `${rate('x_sum')} / on (a) ${rate('x_count')} > 1`,
      'x{} by (a) 300000/30000 0',
      ['mean_latency', '>', 1],
    ],
    [
      `histogram_quantile(0.9, sum(rate(x_bucket{b="c"}[2m])) by (le)) != 2`,
      'x{b="c"} by () 120000/30000 0 buckets',
      ['p90_latency', '!=', 2],
    ],
    [
      `${rate('x_bucket{le="2.5"}')} / ${rate('x_count')} * 100 < 99`,
      'x{} by (a) 300000/30000 0 buckets',
      ['ratio(latency < 2.5s)', '<', 0.99],
    ],
    [
      `(${rate('x_total{code="500"}')} or vector(0)) / ${rate('x_total')} > 5 / 100`,
      'x_total{} errors{code="500"} by (a) 300000/30000 0',
      ['error_ratio', '>', 0.05],
    ],
    [
      `${rate('x_total{code!="500"}')} / ${rate('x_total')} < 0.999`,
      'x_total{} errors{code="500"} by (a) 300000/30000 0',
      ['error_ratio', '>', 0.001],
    ],
    [`-${rate('x_total')} > -0.5`, 'x_total{} by (a) 300000/30000 0', ['request_rate', '<', 0.5]],
    [`${rate('x_count', '30s')} == 0`, 'x{} by (a) 30000 0', ['request_rate', '==', 0]],
    ['sum(increase(x_count[1d])) < 10', 'x{} by () 86400000/30000 0', ['request_count', '<', 10]],
    ['max(max_over_time(g[5m])) > 1e9', 'g{} gauge by () 300000/30000 0', ['max', '>', 1e9]],
    ['avg by (a) (g) >= -3', 'g{} gauge by (a) 60000 0', ['avg', '>=', -3]],
    ['g{a=~"b|c"} > 4', 'g{a=~"b|c"} gauge by (a,instance,job) 60000 0', ['avg', '>', 4]],
    ['avg_over_time(g[10m]) - 1 > 4', 'g{} gauge by (instance,job) 600000/30000 0', ['avg', '>', 5]],
    [
      `${rate('x_total')} > 4 and ${rate('x_total')} < 8`,
      'x_total{} by (a) 300000/30000 0',
      ['request_rate', '>', 4],
      ['request_rate', '<', 8],
    ],
  ])('%s', (expr, text, ...conditions) => {
    expect(ruleOf(expr)).toEqual([[text, ...conditions]]);
  });

  test.each([
    ['up', 'it compares nothing'],
    ['g > h', 'a comparison of two metrics'],
    ['g[5m] > 1', 'a range alone'],
    ['sum(g) > 1', 'sum of these has no counterpart: there are avg and max of a gauge'],
    ['min by (a) (g) > 1', 'min of these has no counterpart'],
    ['topk(5, g) > 1', 'topk of these'],
    ['avg(max_over_time(g[5m])) > 1', 'avg of max has no counterpart'],
    ['max(rate(x_total[5m])) > 1', 'max of rates has no counterpart'],
    ['rate(x_sum[5m]) > 1', 'divide it by how fast x_count does'],
    ['rate(x_bucket[5m]) > 1', 'take histogram_quantile()'],
    ['rate(x_total[5m] offset 1h) > 1', 'offset has no counterpart'],
    ['max_over_time(rate(x_total[5m])[1h:]) > 1', 'a subquery has no counterpart'],
    ['g @ 0 > 1', '@ has no counterpart'],
    ['g > bool 1', 'bool has no counterpart'],
    ['{job="a"} > 1', 'a selector without a metric'],
    ['g{a=~"(?i)b"} > 1', 'is no regular expression'],
    ['g % 2 > 1', '% between these two'],
    ['g > +Inf', 'Infinity is no threshold'],
    ['histogram_quantile(0.99, sum(rate(x_bucket[5m]))) > 1', 'needs le among the labels'],
    ['histogram_quantile(1.5, sum by (le) (rate(x_bucket[5m]))) > 1', 'there is no quantile 1.5'],
    ['histogram_quantile(0.9, rate(x_seconds[5m])) > 1', 'a classic histogram'],
    ['histogram_quantile(0.9, sum by (le) (rate(x_size_bytes_bucket[5m]))) > 1', 'measures bytes'],
    [`${rate('x_sum')} / ${rate('x_count', '1m')} > 1`, 'over the same range'],
    [`${rate('x_sum')} / sum(rate(x_count[5m])) > 1`, 'by the same labels'],
    [`${rate('x_sum')} / on (b) ${rate('x_count')} > 1`, 'by the same labels'],
    [`${rate('x_sum')} / on (a) group_left ${rate('x_count')} > 1`, 'by the same labels'],
    [`${rate('x_total')} / ${rate('x_total{b="c"}')} > 1`, 'no part of what is counted below'],
    [`${rate('x_total')} / ${rate('x_total')} > 1`, 'x_total by x_total has no counterpart'],
    [`${rate('x_total{a="b"}')} / ${rate('x_total')} > 1`, 'differ in a never meet'],
    [`${rate('x_total')} > 1 and ${rate('y_total')} > 1`, 'and of two metrics'],
    [`${rate('x_total')} > 1 and on (a) ${rate('x_total')} < 2`, 'and of series that are matched'],
    [`${rate('x_total')} > 1 unless ${rate('x_total')} < 2`, 'unless has no counterpart'],
    ['absent(sum(up))', 'absent() of this has no counterpart'],
  ])('%s does not, which is said', (expr, reason) => {
    expect(ruleOf(expr)).toEqual([expect.stringContaining(reason)]);
  });
});

test('what is wrong within a recorded expression is said at its name', () => {
  const text = `groups:
- name: g
  rules:
  - { record: 'a:b', expr: 'deriv(g[5m])' }
  - { record: 'a:c', expr: 'a:c' }
  - { alert: A, expr: '2 * a:b > 1' }
  - { alert: B, expr: 'a:c > 1' }
  - { alert: C, expr: 'a:b{x="y"} > 1' }
`;
  expect(converted('r.yml', text).left.map(formatDiagnostic)).toEqual([
    'r.yml:6:28 alert A: deriv() has no counterpart',
    'r.yml:7:24 alert B: a:c, which is recorded and not scraped, has no counterpart',
    'r.yml:8:24 alert C: a:b, which is recorded and not scraped, has no counterpart',
  ]);
});

test('windows end as often as their group is evaluated, or nearly', () => {
  const text = (interval: string, range: string): string =>
    `groups: [{ name: g, interval: ${interval}, rules: [{ alert: A, expr: 'sum(rate(x_total[${range}])) > 1' }] }]`;
  const lengths = (interval: string, range: string): unknown => {
    const { text: made, notes } = converted('r.yml', text(interval, range));
    const [, window, every] = /window: (\S+)\n(?: +every: (\S+)\n)?/.exec(made ?? '') ?? [];
    return [window, every, notes.map(({ message }) => message)];
  };
  expect(lengths('1m', '5m')).toEqual(['5m', '1m', []]);
  expect(lengths('5m', '5m')).toEqual(['5m', undefined, []]);
  expect(lengths('2m', '5m')).toEqual(['5m', '1m', ['alert A: a window of 5m cannot end each 2m']]);
  expect(lengths('7s', '6h')).toEqual(['6h', '1s', ['alert A: a window of 6h cannot end each 7s']]);
});
