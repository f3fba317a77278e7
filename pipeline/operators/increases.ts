import { type MonoTypeOperatorFunction, map } from 'rxjs';
import { type Block, Class } from '../model/block.js';
import type { SeriesTable } from '../model/series-table.js';
import { LOOKBACK, MAX_SKEW } from '../model/watermarks.js';

/**
 * Cumulative samples to increases: judges each sample against the previous one of its series, and
 * says over which interval (from, t] the counter grew, and by how much.
 */
export function increases(series: () => SeriesTable): MonoTypeOperatorFunction<Block> {
  return map((block) => {
    const table = series();
    let mark = 0;
    let watermark = block.watermarks[0];
    const { rows, class: classed, slot: slots } = block;
    for (let row = 0; row < rows; row++) {
      if (watermark !== undefined && watermark.row === row) {
        if (watermark.after > watermark.before) table.forget(watermark.after);
        watermark = block.watermarks[++mark];
        continue;
      }
      const code = classed[row];
      if (code === Class.none && (slots[row] ?? -1) >= 0) {
        if (!goesOn(block, row, table)) judge(block, row, table);
      } else if (code === Class.gauge) takeValue(block, row, table);
    }
    return block;
  });
}

/**
 * Takes what nearly every sample is, of which nothing has to be found out: a later one of a known series, not long
 * after the one before, whose counter went on. Says whether it is one; all others are judged.
 */
function goesOn(block: Block, row: number, table: SeriesTable): boolean {
  const slot = block.slot[row] as number;
  if (!table.isSettled(slot)) return false;
  const t = block.t[row] as number;
  const t1 = table.t[slot] as number;
  const count = block.count[row] as number;
  const sum = block.sum[row] as number;
  const count1 = table.count[slot] as number;
  const sum1 = table.sum[slot] as number;
  // NaN, for a gauge before, is less than nothing.
  const grew = count >= count1 && count < Infinity && sum >= sum1 && sum < Infinity;
  const later = t > t1 && t - t1 <= LOOKBACK && t <= (block.watermark[row] as number) + MAX_SKEW;
  if (!(grew && later) || (block.start[row] as number) > t1) return false;
  if (table.memberships.keepsBuckets[slot] === 1 && !block.buckets.goOn(row, table.buckets, slot))
    return false;
  block.class[row] = Class.aggregated;
  block.from[row] = Math.min(t1, t - 1);
  block.countIncrease[row] = count - count1;
  block.sumIncrease[row] = sum - sum1;
  table.goOn(slot, t, count, sum);
  return true;
}

function judge(block: Block, row: number, table: SeriesTable): void {
  const slot = block.slot[row] ?? 0;
  const t = block.t[row] ?? 0;
  const count = block.count[row] ?? 0;
  const sum = block.sum[row] ?? 0;
  const start = block.start[row] ?? Number.NaN;
  if (isSkewed(block, row)) {
    block.class[row] = Class.skewed;
    return;
  }
  if (!(count >= 0 && count < Infinity && sum >= 0 && sum < Infinity) || start > t) {
    block.class[row] = Class.bad;
    block.problems.set(
      row,
      start > t ? 'it starts after its own time' : 'count or sum is no finite number >= 0',
    );
    return;
  }
  const keeps = table.memberships.keepsBuckets[slot] === 1;
  if (keeps && !block.buckets.isCumulative(row)) {
    block.class[row] = Class.bad;
    block.problems.set(row, 'its buckets do not rise from bound to bound');
    return;
  }
  if (table.hasCounted(slot)) known(block, row, table);
  else if (!table.hasRoom(slot)) block.class[row] = Class.overflow;
  else {
    if (start <= t && t - start <= LOOKBACK) begin(block, row, { from: start, keeps });
    else still(block, row);
    accept(block, row, table);
    if (keeps) block.buckets.keep(row, table.buckets, slot);
  }
}

function isSkewed(block: Block, row: number): boolean {
  const watermark = block.watermark[row] ?? 0;
  return watermark === Number.NEGATIVE_INFINITY || (block.t[row] ?? 0) > watermark + MAX_SKEW;
}

/** A gauge has no increase: each sample stands for itself. */
function takeValue(block: Block, row: number, table: SeriesTable): void {
  const slot = block.slot[row] ?? 0;
  const t = block.t[row] ?? 0;
  const value = block.sum[row] ?? Number.NaN;
  if (isSkewed(block, row)) {
    block.class[row] = Class.skewed;
    return;
  }
  if (!Number.isFinite(value)) {
    block.class[row] = Class.bad;
    block.problems.set(row, 'the value of a gauge is no finite number');
    return;
  }
  const t1 = table.hasValue(slot) ? (table.t[slot] ?? 0) : Number.NEGATIVE_INFINITY;
  if (t <= t1) block.class[row] = t === t1 ? Class.duplicate : Class.outOfOrder;
  else if (!table.hasRoom(slot)) block.class[row] = Class.overflow;
  else {
    still(block, row);
    block.count[row] = Number.NaN;
    accept(block, row, table);
  }
}

/** The series remembers the sample; where it moves to another group with it, the rows before keep theirs. */
function accept(block: Block, row: number, table: SeriesTable): void {
  const slot = block.slot[row] ?? 0;
  const before = table.accept(slot, block.t[row] ?? 0, block.count[row] ?? 0, block.sum[row] ?? 0);
  if (before !== null) block.moved(slot, { row, members: before });
}

function known(block: Block, row: number, table: SeriesTable): void {
  const slot = block.slot[row] ?? 0;
  const t = block.t[row] ?? 0;
  const count = block.count[row] ?? 0;
  const sum = block.sum[row] ?? 0;
  const start = block.start[row] ?? Number.NaN;
  const t1 = table.t[slot] ?? 0;
  const count1 = table.count[slot] ?? 0;
  const sum1 = table.sum[slot] ?? 0;
  if (t <= t1) {
    block.class[row] =
      t === t1 ? Class.duplicate : count <= count1 && sum <= sum1 ? Class.superseded : Class.outOfOrder;
    return;
  }
  const keeps = table.memberships.keepsBuckets[slot] === 1;
  if (t - t1 > LOOKBACK) {
    if (start <= t && t - start <= LOOKBACK) begin(block, row, { from: start, keeps });
    else still(block, row);
  } else if (start > t1) begin(block, row, { from: start, keeps });
  else if (count < count1 || sum < sum1 || (keeps && !block.buckets.growSince(row, table.buckets, slot))) {
    if (table.jitter && isNear(count, count1) && isNear(sum, sum1)) {
      block.class[row] = Class.superseded;
      return;
    }
    begin(block, row, { from: t1, keeps });
  } else grow(block, row, t1, count - count1, sum - sum1);
  accept(block, row, table);
  if (keeps) block.buckets.keep(row, table.buckets, slot);
}

/** Whether a counter that fell lost less than an eighth: what began anew has lost nearly all. */
const isNear = (now: number, before: number): boolean => now >= before || (before - now) * 8 < before;

/** Accepted, with all that a counter holds that began anew. */
function begin(block: Block, row: number, { from, keeps }: { from: number; keeps: boolean }): void {
  grow(block, row, from, block.count[row] ?? 0, block.sum[row] ?? 0);
  if (keeps) block.buckets.begin(row);
}

/** Accepted, with an increase. */
function grow(block: Block, row: number, from: number, count: number, sum: number): void {
  block.class[row] = Class.aggregated;
  block.from[row] = Math.min(from, (block.t[row] ?? 0) - 1);
  block.countIncrease[row] = count;
  block.sumIncrease[row] = sum;
}

/** Accepted, but nothing to compare with. */
function still(block: Block, row: number): void {
  block.class[row] = Class.aggregated;
  block.from[row] = Number.NaN;
}
