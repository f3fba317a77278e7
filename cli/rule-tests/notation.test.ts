import { describe, expect, test } from 'vitest';
import { latencyOf, parseEach, parseValues, sizeOf } from './notation.js';

describe('values', () => {
  test.each([
    ['1 2.5 -3 1e3', [1, 2.5, -3, 1000]],
    ['0+10x3', [0, 10, 20, 30]],
    ['10-5x2', [10, 5, 0]],
    ['1.5+0.5x1', [1.5, 2]],
    ['5x2', [5, 5, 5]],
    ['5x0', [5]],
    ['1 _ _x2 stale stalex2 2', [1, 'missing', 'missing', 'missing', 'stale', 'stale', 'stale', 2]],
    [' 1\n  2 ', [1, 2]],
  ])('%j are written as promtool has them', (text, steps) => {
    expect(parseValues(text)).toEqual(steps);
  });

  test.each([
    ['', 'there is no value: write at least one'],
    ['1 1x', '"1x" is no value: write it like 5, 5x4, 0+100x20, _, _x4 or stale'],
    ['0+100', '"0+100" is no value'],
    ['NaN', '"NaN" is no value'],
    ['1 2 0+1x100000', '"0+1x100000" makes more than 100000 samples'],
  ])('%j are refused', (text, message) => {
    expect(() => parseValues(text)).toThrow(message);
  });
});

describe('what a request takes', () => {
  test.each([
    ['120ms', [0.12]],
    ['120ms x2 1.5s', [0.12, 0.12, 1.5]],
    ['2m  x1 0.5ms', [120, 0.0005]],
    ['1hx2', [3600, 3600]],
  ])('%j is a latency for each interval', (text, values) => {
    expect(parseEach(text, latencyOf)).toEqual(values);
  });

  test.each([
    ['5', '"5" is no latency: write it like 120ms or 1.5s'],
    ['5d', '"5d" is no latency'],
    ['x5', '"x5" is no latency'],
    ['5ms x0', '"5msx0" is for no interval'],
    ['5ms x100001', 'for more than 100000'],
    [' ', 'there is no value'],
  ])('%j is no list of latencies', (text, message) => {
    expect(() => parseEach(text, latencyOf)).toThrow(message);
  });

  test('or a size in the unit of its metric', () => {
    expect(parseEach('1200 x2 1.5e3', sizeOf)).toEqual([1200, 1200, 1500]);
    expect(() => parseEach('1kB', sizeOf)).toThrow('"1kB" is no size');
  });
});
