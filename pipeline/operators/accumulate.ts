import { type MonoTypeOperatorFunction, map } from 'rxjs';
import { type Block, Class } from '../model/block.js';
import { BucketSplit } from '../model/bucket-columns.js';
import type { Selected, WindowSums } from '../model/selected.js';
import type { SeriesTable } from '../model/series-table.js';
import { windowStart } from '../model/windows.js';

interface Adding {
  readonly selected: Selected;
  /** Index among the selections. */
  readonly index: number;
  /** By slot: group id * 2 + whether its requests are errors; -1 where the selection does not want the series. */
  readonly members: Int32Array;
  readonly split: BucketSplit;
}

interface Sample {
  readonly row: number;
  /** Likewise. */
  readonly member: number;
  /** Start of the window that the sample itself lies in, ms. */
  readonly own: number;
}

/**
 * Adds each accepted sample to the windows of every selection that wants its series, split in
 * proportion to the overlap. What meets a closed window is left out, and said: the row becomes late.
 */
export function accumulate(series: () => SeriesTable): MonoTypeOperatorFunction<Block> {
  const split = new BucketSplit();
  return map((block) => {
    const { selected, columns } = series().memberships;
    for (const [index, one] of selected.entries())
      addRows(block, { selected: one, index, members: columns[index] as Int32Array, split });
    return block;
  });
}

function addRows(block: Block, adding: Adding): void {
  const { selected, index, members } = adding;
  const { class: classed, slot, t, from } = block;
  const { window: length } = selected.selection;
  const moves = block.moves.size > 0;
  // The sample before mostly lay in the same window: nothing is divided, nor looked up, to find that out.
  let own = Number.NaN;
  let sums: WindowSums | null = null;
  for (let row = 0; row < block.rows; row++) {
    // Late for the selection before, it may be in time for this one.
    if (classed[row] !== Class.aggregated && classed[row] !== Class.late) continue;
    const here = slot[row] ?? 0;
    const before = moves ? block.membersAt(here, row) : null;
    const member = (before === null ? members[here] : before[index]) ?? -1;
    if (member < 0) continue;
    const at = (t[row] ?? 0) - 1;
    if (!(at >= own && at < own + length)) {
      own = windowStart(at, length);
      sums = null;
    }
    // NaN, for a sample without increase, is before nothing.
    if ((from[row] ?? Number.NaN) < own) split(block, adding, { row, member, own });
    else if (own >= selected.from) {
      if (isClosed(block, selected, row, own)) late(block, row, selected, own);
      else {
        sums ??= selected.window(own);
        addWhole(block, selected, sums, row, member);
      }
    }
  }
}

/** The fast path: the interval crosses no boundary, nothing is divided. */
function addWhole(block: Block, selected: Selected, sums: WindowSums, row: number, member: number): void {
  const group = member >> 1;
  selected.enter(sums, group);
  sums.samples[group] = (sums.samples[group] ?? 0) + 1;
  if (Number.isNaN(block.from[row])) {
    if (selected.selection.gauge) addValue(sums, group, block.sum[row] ?? 0);
    return;
  }
  const requests = block.countIncrease[row] ?? 0;
  sums.covered[group] = 1;
  sums.requests[group] = (sums.requests[group] ?? 0) + requests;
  sums.latencySum[group] = (sums.latencySum[group] ?? 0) + (block.sumIncrease[row] ?? 0);
  if ((member & 1) === 1) sums.errors[group] = (sums.errors[group] ?? 0) + requests;
  if (selected.selection.buckets) block.buckets.addTo(sums.buckets, group, row);
}

/** Of a gauge, a sample is what requests are of a histogram. */
function addValue(sums: WindowSums, group: number, value: number): void {
  sums.covered[group] = 1;
  sums.requests[group] = (sums.requests[group] ?? 0) + 1;
  sums.latencySum[group] = (sums.latencySum[group] ?? 0) + value;
  sums.max[group] = Math.max(sums.max[group] ?? value, value);
}

/** A part is increase * overlap / length; the last window gets what the parts before left, one by one. */
function split(block: Block, { selected, split }: Adding, { row, member, own }: Sample): void {
  const group = member >> 1;
  const { window: length } = selected.selection;
  const t = block.t[row] ?? 0;
  const from = block.from[row] ?? 0;
  const requests = block.countIncrease[row] ?? 0;
  const latencySum = block.sumIncrease[row] ?? 0;
  let requestsLeft = requests;
  let latencyLeft = latencySum;
  const buckets = selected.selection.buckets ? split : null;
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
    if (buckets !== null) sums.buckets.add(group, buckets.le, buckets.part, 0);
  }
}

const isClosed = (block: Block, { selection }: Selected, row: number, start: number): boolean =>
  start + selection.window + selection.grace <= (block.watermark[row] ?? 0);

function late(block: Block, row: number, { selection }: Selected, start: number): void {
  block.class[row] = Class.late;
  const window = { selection: selection.id, start };
  const windows = block.late.get(row);
  if (windows) windows.push(window);
  else block.late.set(row, [window]);
}
