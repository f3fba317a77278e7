import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Keeps some objects, and throws others away once they are old: prints how large the old generation got, by what is kept. */
const churn = `
import { getHeapSpaceStatistics } from 'node:v8';
import { boundHeap } from './dist/cli/heap.js';
if (process.argv[1] === 'bounded') boundHeap();
const old = (what) => getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')[what];
const kept = Array.from({ length: 300_000 }, (_, i) => ({ i, more: { x: i + 0.5 } }));
gc();
const alive = old('space_used_size');
const passing = new Array(300_000);
let most = 0;
for (let i = 0; i < 8_000_000; i++) {
  passing[i % passing.length] = { i, x: i + 0.5 };
  if (i % 10_000 === 0) most = Math.max(most, old('physical_space_size'));
}
if (kept.length > 0) console.log(most / alive);`;

const growth = (bounded: string): number =>
  Number.parseFloat(
    execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', churn, bounded], {
      encoding: 'utf8',
    }),
  );

test('less garbage waits in the old generation than V8 would let wait', () => {
  expect(growth('bounded')).toBeLessThan(0.75 * growth('left as it is'));
});
