import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Driver, rules } from './driver.fixture.js';

test('what tumbling windows alone keep has the bytes that it had before there were others', () => {
  const set = rules(
    'alert: A, when: mean_latency > 1.5 * baseline, baseline: { windows: 4, min_windows: 2 }',
    'alert: B, when: p99_latency > 1s, for: 20s',
    'alert: C, when: mean_latency > 1s, window: 20s, grace: 5s',
  );
  const driver = new Driver(set);
  for (let i = 0; i < 12; i++) {
    const start = i * 10_000;
    const [requests, latencySum, fast] = [3 + i, i < 8 ? 3 : 90, i < 8 ? 3 + i : 0];
    const buckets = [
      { le: 1, count: fast },
      { le: Infinity, count: requests },
    ];
    const due = set.selections.filter(({ window }) => start % window === 0);
    const rows = due.map(({ id, buckets: keeps }) => {
      return { selection: id, start, requests, latencySum, errors: 1, buckets: keeps ? buckets : null };
    });
    driver.push({ w: start + 10_000, rows });
  }
  expect(createHash('sha256').update(driver.stage.save()).digest('hex').slice(0, 12)).toBe('a72444a96d1e');
});
