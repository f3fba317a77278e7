import { describe, expect, test } from 'vitest';
import { type ExposedSample, ExpositionError, parseExposition } from './exposition.js';

const samples = (text: string): readonly ExposedSample[] => parseExposition(text).samples;
const plain = { type: 'cumulative', sum: 0, buckets: [], created: null };

describe('a histogram', () => {
  const type = '# HELP h Seconds.\n# TYPE h histogram\n';

  test('is one sample with its buckets in order of their bounds', () => {
    const text = `${type}h_bucket{le="+Inf",route="/a"} 5
h_bucket{route="/a",le="0.1"} 3
h_bucket{route="/a",le="1e0"} 4
h_sum{route="/a"} 2.5
h_count{route="/a"} 5
`;
    expect(samples(text)).toEqual([
      {
        name: 'h',
        labels: { route: '/a' },
        type: 'cumulative',
        count: 5,
        sum: 2.5,
        buckets: [
          { le: 0.1, count: 3 },
          { le: 1, count: 4 },
          { le: Number.POSITIVE_INFINITY, count: 5 },
        ],
        created: null,
      },
    ]);
  });

  test('has a sample for each label set, whatever the order of its labels', () => {
    const text = `${type}h_count{a="1",b="2"} 1\nh_sum{b="2",a="1"} 3\nh_count{a="1",b="3"} 2\n`;
    expect(samples(text).map(({ count, sum }) => [count, sum])).toEqual([
      [1, 3],
      [2, 0],
    ]);
  });

  test('without a count is none, and a bucket without a bound is left out', () => {
    expect(samples(`${type}h_sum 3\nh_bucket{le="1"} 2\n`)).toEqual([]);
    expect(samples(`${type}h_bucket 2\nh_count 3\n`)).toEqual([
      { ...plain, name: 'h', labels: {}, count: 3 },
    ]);
  });
});

test('a summary has count and sum, its quantiles are left out', () => {
  const text = '# TYPE s summary\ns{quantile="0.5"} 0.2\ns_sum 12.5\ns_count 40\n';
  expect(samples(text)).toEqual([{ ...plain, name: 's', labels: {}, count: 40, sum: 12.5 }]);
});

describe('a counter', () => {
  test.each([
    ['of the text format', '# TYPE c_total counter\nc_total{a="1"} 7\n'],
    ['of OpenMetrics, whose type has no _total', '# TYPE c counter\nc_total{a="1"} 7\n# EOF\n'],
  ])('%s', (_, text) => {
    expect(samples(text)).toEqual([{ ...plain, name: 'c_total', labels: { a: '1' }, count: 7 }]);
  });

  test('may be named like a part of a histogram', () => {
    expect(samples('# TYPE jobs_count counter\njobs_count 7\n')).toEqual([
      { ...plain, name: 'jobs_count', labels: {}, count: 7 },
    ]);
  });

  test.each([
    ['a gauge', '# TYPE g gauge\ng 1\n'],
    ['without a type', 'c_total 1\nh_count 1\n'],
    ['of an unknown type', '# TYPE i info\ni_info{version="1"} 1\n'],
    ['a gauge histogram', '# TYPE g gaugehistogram\ng_gcount 1\ng_gsum 1\n'],
  ])('is not what is %s', (_, text) => {
    expect(samples(text)).toEqual([]);
  });
});

describe('when a series began', () => {
  test.each([
    ['a histogram', '# TYPE x histogram\nx_count 1\nx_created 1700000000.123\n', 1_700_000_000_123],
    ['a summary', '# TYPE x summary\nx_count 1\nx_created 1.7e9\n', 1_700_000_000_000],
    ['a counter of OpenMetrics', '# TYPE x counter\nx_total 1\nx_created 1.7e9\n', 1_700_000_000_000],
    [
      'a counter of the text format',
      '# TYPE x_total counter\nx_total 1\n# TYPE x_created gauge\nx_created 1.7e9\n',
      1_700_000_000_000,
    ],
    ['no time at all', '# TYPE x counter\nx_total 1\nx_created NaN\n', null],
  ])('%s', (_, text, created) => {
    expect(samples(text)).toEqual([expect.objectContaining({ count: 1, created })]);
  });

  test.each([
    ['process_start_time_seconds 1700000000.1234\n', 1_700_000_000_123],
    [
      '# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds{pid="1"} 1.7e9\n',
      1_700_000_000_000,
    ],
    ['process_start_time_seconds NaN\n', null],
    ['', null],
  ])('a process: %j', (text, start) => {
    expect(parseExposition(text).processStart).toBe(start);
  });
});

describe('a line', () => {
  const one = (line: string): ExposedSample | undefined => samples(`# TYPE c_total counter\n${line}\n`)[0];

  test.each<[string, number]>([
    ['c_total 7', 7],
    ['c_total\t7', 7],
    ['  c_total   7  ', 7],
    ['c_total 7\r', 7],
    ['c_total{} 7', 7],
    ['c_total { } 7', 7],
    ['c_total{}7', 7],
    ['c_total 7 1700000000123', 7],
    ['c_total 7 -5', 7],
    ['c_total 7 1700000000.123', 7],
    ['c_total 7 # {trace_id="abc"} 0.67', 7],
    ['c_total{} 7 1700000000.123 # {trace_id="a{b}"} 0.67 1700000000.1', 7],
    ['c_total 1.5e3', 1500],
    ['c_total .5', 0.5],
    ['c_total -1', -1],
    ['c_total +Inf', Number.POSITIVE_INFINITY],
    ['c_total Inf', Number.POSITIVE_INFINITY],
    ['c_total -inf', Number.NEGATIVE_INFINITY],
    ['c_total NaN', Number.NaN],
    ['c_total nan', Number.NaN],
  ])('%j', (line, count) => {
    expect(one(line)).toEqual({ ...plain, name: 'c_total', labels: {}, count });
  });

  test.each<[string, Record<string, string>]>([
    ['{a="1",b="2"}', { a: '1', b: '2' }],
    ['{ a = "1" , b = "2" , }', { a: '1', b: '2' }],
    ['{a=""}', { a: '' }],
    ['{a="x\\\\y\\"z\\n"}', { a: 'x\\y"z\n' }],
    ['{a="\\d"}', { a: '\\d' }],
    ['{a="/v/{id}",b="} 5 # {"}', { a: '/v/{id}', b: '} 5 # {' }],
    ['{a="x,b=\\"y"}', { a: 'x,b="y' }],
    ['{a="é 😀\t"}', { a: 'é 😀\t' }],
  ])('labels %s', (text, labels) => {
    for (const rest of ['7', '7 # {trace_id="abc",span="}"} 0.67'])
      expect(one(`c_total${text} ${rest}`)).toEqual({ ...plain, name: 'c_total', labels, count: 7 });
  });

  test('of an exemplar leaves its bucket as it is', () => {
    const text = `# TYPE h histogram
h_bucket{le="0.1"} 8 # {} 0.054
h_bucket{le="+Inf"} 9 # {trace_id="KOO5S4vxi0o"} 9.8 1520879607.789
h_count 9
h_sum 3.2
# EOF
`;
    expect(samples(text)[0]?.buckets).toEqual([
      { le: 0.1, count: 8 },
      { le: Number.POSITIVE_INFINITY, count: 9 },
    ]);
  });
});

describe('what is no sample is told with its line', () => {
  test.each([
    '<!DOCTYPE html>',
    '{"status":"ok"}',
    'Not Found',
    'c_total',
    'c_total seven',
    'c_total{} ',
    'c_total-1',
    'c_total 7 yesterday',
    'c_total 1 2 3',
    'c_total{a="1" 7',
    'c_total{a="1"',
    'c_total{a=1} 7',
    'c_total{a="1" b="2"} 7',
    'c_total{,} 7',
    'c_total{"a"="1"} 7',
    'c_total{a="1"}',
    '5xx 7',
    '💥 7',
  ])('%s', (line) => {
    expect(() => parseExposition(`# TYPE c_total counter\n\n${line}\n`)).toThrow(
      new ExpositionError(`line 3 is no sample: ${line.trim()}`),
    );
  });

  test('and no more than the beginning of it', () => {
    expect(() => parseExposition(`<p>${'x'.repeat(500)}`)).toThrow(
      new ExpositionError(`line 1 is no sample: <p>${'x'.repeat(77)}`),
    );
  });
});

test('nothing at all, comments and blank lines are no samples and no mistake', () => {
  for (const text of ['', '\n\n', '# HELP x y\n# a comment\n#\n', '  # EOF\n'])
    expect(samples(text)).toEqual([]);
});

describe('gauges', () => {
  const text = `# TYPE g gauge
g{a="1"} -2.5
g{a="2"} NaN
other 5
# TYPE u untyped
u 3
plain 4
# TYPE c counter
c 7
# TYPE process_start_time_seconds gauge
process_start_time_seconds 5
`;
  const gauge = { type: 'gauge', count: 1, buckets: [], created: null };

  test('are taken where they are asked for by name, as what they say that they are', () => {
    const wanted = new Set(['g', 'u', 'plain', 'c', 'process_start_time_seconds']);
    expect(parseExposition(text, wanted)).toEqual({
      samples: [
        { ...gauge, name: 'g', labels: { a: '1' }, sum: -2.5 },
        { ...gauge, name: 'g', labels: { a: '2' }, sum: Number.NaN },
        { ...gauge, name: 'u', labels: {}, sum: 3 },
        { ...gauge, name: 'plain', labels: {}, sum: 4 },
        { ...plain, name: 'c', labels: {}, count: 7 },
        { ...gauge, name: 'process_start_time_seconds', labels: {}, sum: 5 },
      ],
      processStart: 5000,
    });
  });

  test('are left out where nobody asks for them', () => {
    expect(samples(text).map(({ name }) => name)).toEqual(['c']);
  });
});
