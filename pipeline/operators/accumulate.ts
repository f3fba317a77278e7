import { type MonoTypeOperatorFunction, map } from 'rxjs';
import { type Block, Class, type LateRow } from '../model/block.js';
import { BucketSplit } from '../model/bucket-columns.js';
import type { Selected, WindowSums } from '../model/selected.js';
import type { SeriesTable } from '../model/series-table.js';
import { windowStart } from '../model/windows.js';

interface Sample {
  /** Index among the selections. */
  selection: number;
  row: number;
  /** Group id * 2 + whether its requests are errors. */
  member: number;
  readonly split: BucketSplit;
}

/**
 * Adds each accepted sample to the windows of every selection that wants its series, split in
 * proportion to the overlap. What meets a closed window is left out, and said: the row becomes late.
 */
export function accumulate(series: () => SeriesTable): MonoTypeOperatorFunction<Block> {
  const sample: Sample = { selection: 0, row: 0, member: 0, split: new BucketSplit() };
  return map((block) => {
    const table = series();
    const { selected, columns } = table.memberships;
    const moves = block.moves.size > 0;
    for (let row = 0; row < block.rows; row++) {
      if (block.class[row] !== Class.aggregated) continue;
      const slot = block.slot[row] ?? 0;
      sample.row = row;
      const before = moves ? block.membersAt(slot, row) : null;
      for (let s = 0; s < selected.length; s++) {
        const member = (before === null ? columns[s]?.[slot] : before[s]) ?? -1;
        if (member < 0) continue;
        sample.member = member;
        add(block, selected[s] as Selected, sample);
      }
    }
    return block;
  });
}

function add(block: Block, selected: Selected, sample: Sample): void {
  const { row } = sample;
  const length = selected.selection.window;
  const t = block.t[row] ?? 0;
  // NaN, for a sample without increase, is before nothing.
  const from = block.from[row] ?? Number.NaN;
  const own = windowStart(t - 1, length);
  if (from < own) split(block, selected, sample);
  else if (own >= selected.from) {
    if (isClosed(block, selected, row, own)) late(block, row, selected, own);
    else addWhole(block, selected, sample, own);
  }
}

/** The fast path: the interval crosses no boundary, nothing is divided. */
function addWhole(block: Block, selected: Selected, sample: Sample, start: number): void {
  const group = sample.member >> 1;
  const sums = selected.window(start);
  selected.enter(sums, group);
  sums.samples[group] = (sums.samples[group] ?? 0) + 1;
  const from = block.from[sample.row] ?? Number.NaN;
  if (Number.isNaN(from)) {
    if (selected.selection.gauge) addValue(sums, group, block.sum[sample.row] ?? 0);
    return;
  }
  const requests = block.countIncrease[sample.row] ?? 0;
  sums.covered[group] = 1;
  sums.requests[group] = (sums.requests[group] ?? 0) + requests;
  sums.latencySum[group] = (sums.latencySum[group] ?? 0) + (block.sumIncrease[sample.row] ?? 0);
  if ((sample.member & 1) === 1) sums.errors[group] = (sums.errors[group] ?? 0) + requests;
  if (selected.selection.buckets) block.buckets.addTo(selected.bucketsOf(sums, group), sample.row);
}

/** Of a gauge, a sample is what requests are of a histogram. */
function addValue(sums: WindowSums, group: number, value: number): void {
  sums.covered[group] = 1;
  sums.requests[group] = (sums.requests[group] ?? 0) + 1;
  sums.latencySum[group] = (sums.latencySum[group] ?? 0) + value;
  sums.max[group] = Math.max(sums.max[group] ?? value, value);
}

/** A part is increase * overlap / length; the last window gets what the parts before left, one by one. */
function split(block: Block, selected: Selected, sample: Sample): void {
  const { row, member } = sample;
  const group = member >> 1;
  const { window: length } = selected.selection;
  const t = block.t[row] ?? 0;
  const from = block.from[row] ?? 0;
  const requests = block.countIncrease[row] ?? 0;
  const latencySum = block.sumIncrease[row] ?? 0;
  const own = windowStart(t - 1, length);
  let requestsLeft = requests;
  let latencyLeft = latencySum;
  const buckets = selected.selection.buckets ? sample.split : null;
  if (buckets !== null) block.buckets.split(row, buckets);
  for (let start = windowStart(from, length); start <= own; start += length) {
    const overlap = Math.min(t, start + length) - Math.max(from, start);
    const requestsPart = start === own ? requestsLeft : (requests * overlap) / (t - from);
    const latencyPart = start === own ? latencyLeft : (latencySum * overlap) / (t - from);
    requestsLeft -= requestsPart;
    latencyLeft -= latencyPart;
    if (start === own) buckets?.cutRest();
    else buckets?.cut(overlap, t - from);
    if (start < selected.from) continue;
    if (isClosed(block, selected, row, start)) {
      late(block, row, selected, start);
      continue;
    }
    const sums = selected.window(start);
    selected.enter(sums, group);
    sums.covered[group] = 1;
    if (start === own) sums.samples[group] = (sums.samples[group] ?? 0) + 1;
    sums.requests[group] = (sums.requests[group] ?? 0) + requestsPart;
    sums.latencySum[group] = (sums.latencySum[group] ?? 0) + latencyPart;
    if ((member & 1) === 1) sums.errors[group] = (sums.errors[group] ?? 0) + requestsPart;
    if (buckets !== null) selected.bucketsOf(sums, group).add(buckets.le, buckets.part);
  }
}

const isClosed = (block: Block, { selection }: Selected, row: number, start: number): boolean =>
  start + selection.window + selection.grace <= (block.watermark[row] ?? 0);

function late(block: Block, row: number, { selection }: Selected, start: number): void {
  block.class[row] = Class.late;
  const window = { selection: selection.id, start };
  const last = block.late.at(-1);
  if (last?.row === row) (last.windows as LateRow['windows'][number][]).push(window);
  else block.late.push({ row, windows: [window] });
}
