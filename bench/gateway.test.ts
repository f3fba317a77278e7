import { expect, test } from 'vitest';
import { cpuOf, type GatewayRow, ratio } from './gateway.js';
import { formatGateways } from './report-gateway.js';

test('CPU time is user and system time, whatever the process is called', () => {
  const stat = '42 (a) 9 9 (b)) S 1 42 42 0 -1 4194560 5 0 0 0 1234 66 0 0 20 0 11 0 100 1 2 3';
  expect(cpuOf(stat)).toBe(13);
});

test('ratios are of the same turn', () => {
  expect(ratio([1, 10, 100], [2, 20, 50])).toBe(0.5);
});

test('a gateway is shown beside the first, with what failed', () => {
  const ours: GatewayRow = { name: 'ours', request: [60, 70, 50], upload: [1, 1, 1], failed: 0 };
  const other: GatewayRow = { name: 'other', request: [90, 70, 100], upload: [0.5, 0.5, 0.5], failed: 3 };
  expect(
    formatGateways([ours, other])
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    [
      'CPU time of a gateway',
      'us/request',
      'against the first',
      's/GB uploaded',
      'against the first',
      'failed',
    ],
    ['ours', '50 / 60 / 70', '1.00x', '1.00 / 1.00 / 1.00', '1.00x', '0'],
    ['other', '70 / 90 / 100', '1.50x', '0.50 / 0.50 / 0.50', '0.50x', '3'],
    ['least / median / greatest of the turns; the ratios are of the same turn'],
  ]);
});
