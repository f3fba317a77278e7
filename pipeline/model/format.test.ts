import { describe, expect, test } from 'vitest';
import { comparedText, formatMeasure } from './format.js';
import type { Measure } from './measures.js';
import { short } from './units.js';

describe('a measure as people read it', () => {
  test.each<[Measure, number | null, string]>([
    ['mean_latency', 0.412, '412ms'],
    ['mean_latency', 0.0004567, '0.457ms'],
    ['mean_latency', 0, '0ms'],
    ['mean_latency', 0.9996, '1000ms'],
    ['mean_latency', 1, '1s'],
    ['mean_latency', 1.5049, '1.5s'],
    ['mean_latency', 83.26, '83.3s'],
    ['mean_latency', 1234.5, '1230s'],
    ['mean_latency', null, 'no data'],
    ['request_rate', 71, '71/s'],
    ['request_rate', 0, '0/s'],
    ['request_rate', 0.03333, '0.0333/s'],
    ['request_rate', 12_345, '12300/s'],
    ['request_rate', null, 'no data'],
    ['error_ratio', 0.023, '2.3%'],
    ['error_ratio', 1, '100%'],
    ['error_ratio', 0, '0%'],
    ['error_ratio', 0.00012345, '0.0123%'],
    ['error_ratio', null, 'no data'],
    ['avg', -0.51234, '-0.512'],
    ['max', 123_456_789, '123000000'],
    ['avg', null, 'no data'],
    ['throughput', 0, '0B/s'],
    ['throughput', 999, '999B/s'],
    ['throughput', 1000, '1kB/s'],
    ['throughput', 12_345_678, '12.3MB/s'],
    ['throughput', 2 * 1024 ** 3, '2.15GB/s'],
    ['throughput', null, 'no data'],
    ['ratio(latency < 300ms)', 0.99, '99%'],
    ['ratio(latency < 300ms)', 0.99873, '99.873%'],
    ['ratio(latency < 300ms)', 0.9995, '99.95%'],
    ['ratio(latency < 300ms)', 0.987654, '98.77%'],
    ['ratio(latency < 300ms)', 0.51234, '51.2%'],
    ['ratio(latency < 300ms)', 0.12345, '12.3%'],
    ['ratio(latency < 300ms)', 1, '100%'],
    ['ratio(latency < 300ms)', 0, '0%'],
    ['ratio(latency < 300ms)', 1 - 1e-9, '99.9999999%'],
    ['ratio(latency < 300ms)', null, 'no data'],
  ])('%s %s is %s', (measure, value, text) => {
    expect(formatMeasure(measure, value)).toBe(text);
  });
});

test('short has three significant digits and no trailing zeros', () => {
  expect([1.2, 1.0, 0.1 + 0.2, 99.96, 1e-9].map(short)).toEqual(['1.2', '1', '0.3', '100', '1e-9']);
});

test.each([
  [1.2, 0, '1.2 x baseline'],
  [1, 0, '1 x baseline'],
  [1, 3, 'baseline + 3 x mad'],
  [1.5, -2, '1.5 x baseline - 2 x mad'],
])('a threshold of %d baselines and %d deviations', (factor, mads, text) => {
  expect(comparedText({ factor, mads })).toBe(text);
});
