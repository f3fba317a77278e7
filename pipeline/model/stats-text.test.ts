import { expect, test } from 'vitest';
import type { ApiStats } from './api-stats.js';
import { sizeText, statsColumns } from './stats-text.js';

const api: ApiStats = {
  ...{ service: 'gateway', method: 'GET', route: '/vms/videos/:id', requests: 120.4, rate: 2.0067 },
  ...{ clientErrors: 3, serverErrors: 0.2 },
  latency: { mean: 0.0123, p50: 0.004, p95: 1.5, p99: null, bound: 10 },
  request: { mean: 0, total: 0 },
  response: { mean: 1_234, total: 148_080 },
};
const texts = (one: ApiStats): readonly string[] => statsColumns.map(({ text }) => text(one));

test('an API is told as people read it', () => {
  expect(texts(api)).toEqual([
    ...['gateway', 'GET', '/vms/videos/:id', '120', '2.01/s', '3', '0'],
    ...['12.3ms', '4ms', '1.5s', '>10s', '0B', '1.23kB', '0B', '148kB'],
  ]);
});

test('what is not known is a dash', () => {
  const latency = { mean: 1, p50: null, p95: null, p99: null, bound: null };
  expect(texts({ ...api, latency, request: null, response: null }).slice(7)).toEqual([
    '1s',
    '-',
    '-',
    '-',
    '-',
    '-',
    '-',
    '-',
  ]);
  expect(texts({ ...api, latency: null }).slice(7, 11)).toEqual(['-', '-', '-', '-']);
});

test.each([
  [0, '0B'],
  [999, '999B'],
  [1_000, '1kB'],
  [12_345_678, '12.3MB'],
  [5e12, '5000GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
