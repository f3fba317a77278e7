import { describe, expect, test } from 'vitest';
import type { Condition } from '../model/rule.js';
import { parseCondition } from './condition.js';
import { SyntaxProblem } from './diagnostics.js';

describe('a fixed threshold is divided, never multiplied by a rounded fraction', () => {
  test.each([
    ['mean_latency > 300ms', 'mean_latency', 300 / 1000],
    ['mean_latency > 1.1ms', 'mean_latency', 1.1 / 1000],
    ['mean_latency > 0.3s', 'mean_latency', 0.3],
    ['mean_latency > 1.5s', 'mean_latency', 1.5],
    ['mean_latency > 1s500ms', 'mean_latency', 1.5],
    ['mean_latency > 1m30s', 'mean_latency', 90],
    ['mean_latency > 1.5m', 'mean_latency', 90],
    ['mean_latency > 2h', 'mean_latency', 7200],
    ['mean_latency > 1d', 'mean_latency', 86_400],
    ['mean_latency > 3e2ms', 'mean_latency', 0.3],
    ['mean_latency > 0', 'mean_latency', 0],
    ['mean_latency > 0ms', 'mean_latency', 0],
    ['request_rate > 71/s', 'request_rate', 71],
    ['request_rate > 100/m', 'request_rate', 100 / 60],
    ['request_rate > 1000/h', 'request_rate', 1000 / 3600],
    ['request_rate > .5/s', 'request_rate', 0.5],
    ['request_rate > 0', 'request_rate', 0],
    ['request_rate > 0.0', 'request_rate', 0],
    ['error_ratio > 2.3%', 'error_ratio', 2.3 / 100],
    ['error_ratio > 7%', 'error_ratio', 7 / 100],
    ['error_ratio > 0.02', 'error_ratio', 0.02],
    ['error_ratio > 2 %', 'error_ratio', 0.02],
    ['error_ratio > -0', 'error_ratio', 0],
    ['avg > 100', 'avg', 100],
    ['max > -1.5e3', 'max', -1500],
    ['throughput > 12B/s', 'throughput', 12],
    ['throughput > 1.5kB/s', 'throughput', 1500],
    ['throughput > 12.3 MB/s', 'throughput', 12.3 * 1e6],
    ['throughput > 2GB/s', 'throughput', 2e9],
    ['throughput > 1KiB/s', 'throughput', 1024],
    ['throughput > 10MiB/s', 'throughput', 10 * 1024 * 1024],
    ['throughput > 1GiB/s', 'throughput', 1024 ** 3],
    ['throughput > 0', 'throughput', 0],
    ['ratio(latency < 300ms) > 99%', 'ratio(latency < 300ms)', 99 / 100],
    ['ratio (latency<2.5s)> 0.999', 'ratio(latency < 2.5s)', 0.999],
    ['ratio(latency < 300ms) > 0', 'ratio(latency < 300ms)', 0],
  ])('%s', (text, measure, value) => {
    expect(parseCondition(text)).toEqual({ measure, operator: '>', threshold: { kind: 'fixed', value } });
  });
});

describe('a factor of the baseline', () => {
  test.each([
    ['mean_latency > 1.2 * baseline', 1.2],
    ['mean_latency > 1.2*baseline', 1.2],
    ['mean_latency > 2e0 * baseline', 2],
    ['mean_latency > baseline', 1],
    ['mean_latency > .5 * baseline', 0.5],
  ])('%s', (text, factor) => {
    expect(parseCondition(text).threshold).toEqual({ kind: 'baseline', factor, mads: 0 });
  });
});

test.each([
  ['mean_latency > baseline + 3 * mad', 1, 3],
  ['mean_latency > 1.5*baseline+mad', 1.5, 1],
  ['mean_latency < baseline - 2.5 * mad', 1, -2.5],
])('%s is so many deviations away', (text, factor, mads) => {
  expect(parseCondition(text).threshold).toEqual({ kind: 'baseline', factor, mads });
});

test.each<Condition['operator']>(['>', '>=', '<', '<=', '==', '!='])(
  'compares with %s, spaced or not',
  (operator) => {
    const expected: Condition = { measure: 'request_rate', operator, threshold: { kind: 'fixed', value: 1 } };
    for (const text of [`request_rate${operator}1/s`, `  request_rate\n ${operator}\t1/s `])
      expect(parseCondition(text)).toEqual(expected);
  },
);

describe('what is none is refused with the way out', () => {
  const latency = 'is no latency: give it a unit, like 300ms or 1.5s';
  const rate = 'is no request rate: give it a unit, like 10/s, 600/m or 1000/h';
  const condition = 'is no condition: write it like mean_latency > 300ms';
  test.each([
    ['', `"" ${condition}`],
    ['5', `"5" ${condition}`],
    ['mean_latency', `"mean_latency" ${condition}`],
    ['mean_latency >', `"mean_latency >" ${condition}`],
    ['300ms < mean_latency', `"300ms < mean_latency" ${condition}`],
    ['mean_latency = 1s', '"=" is no comparison: write =='],
    ['mean_latncy > 1s', 'unknown measure "mean_latncy", did you mean "mean_latency"?'],
    ['Error_Ratio > 1%', 'unknown measure "Error_Ratio", did you mean "error_ratio"?'],
    ['load > 1', 'unknown measure "load"'],
    ['mean_latency > 300', `"300" ${latency}`],
    ['mean_latency > 300 m s', `"300 m s" ${latency}`],
    ['mean_latency > 3 0 0ms', `"3 0 0ms" ${latency}`],
    ['mean_latency > 1s and error_ratio > 1%', `"1s and error_ratio > 1%" ${latency}`],
    ['mean_latency > 300MS', `"300MS" ${latency}`],
    ['mean_latency > 5%', `"5%" ${latency}`],
    ['mean_latency > NaN', `"NaN" ${latency}`],
    ['mean_latency > constructor', `"constructor" ${latency}`],
    ['mean_latency > 1constructor', `"1constructor" ${latency}`],
    ['request_rate > 10', `"10" ${rate}`],
    ['request_rate > 10/d', `"10/d" ${rate}`],
    ['request_rate > 10ms', `"10ms" ${rate}`],
    ['request_rate > 10toString', `"10toString" ${rate}`],
    ['error_ratio > 2/s', '"2/s" is no ratio: write it like 2% or 0.02'],
    ['error_ratio > two', '"two" is no ratio: write it like 2% or 0.02'],
    ['mean_latency > 1e400s', '"1e400s" is too great a number'],
    ['request_rate > 1e400/s', '"1e400/s" is too great a number'],
    ['error_ratio < -1e400%', '"-1e400%" is too great a number'],
    ['mean_latency > baseline * 1.2', '"baseline * 1.2" is no threshold: write it like 1.2 * baseline'],
    ['mean_latency > 120% * baseline', '"120% * baseline" is no threshold: write it like 1.2 * baseline'],
    ['mean_latency > 1.2 * basline', '"1.2 * basline" is no threshold: write it like 1.2 * baseline'],
    ['mean_latency > 3 * mad', '"3 * mad" is no threshold: write it like baseline + 3 * mad'],
    [
      'mean_latency > baseline + mad * 3',
      '"baseline + mad * 3" is no threshold: write it like baseline + 3 * mad',
    ],
    ['mean_latency > baseline + 0 * mad', '"0" is no factor: write it like 1.2 * baseline'],
    ['mean_latency > 0 * baseline', '"0" is no factor: write it like 1.2 * baseline'],
    ['mean_latency > -1 * baseline', '"-1" is no factor: write it like 1.2 * baseline'],
    ['mean_latency > 1e400 * baseline', '"1e400" is no factor: write it like 1.2 * baseline'],
    ['mean_latency > . * baseline', '"." is no factor: write it like 1.2 * baseline'],
  ])('%s', (text, message) => {
    expect(() => parseCondition(text)).toThrow(new SyntaxProblem(message));
  });
});
