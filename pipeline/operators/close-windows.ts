import { map, type OperatorFunction } from 'rxjs';
import type { Partial, PartialBatch } from '../../schemas/types.js';
import type { Block, WatermarkRow } from '../model/block.js';
import type { Group } from '../model/groups.js';
import { PartialRow } from '../model/partial-row.js';
import type { Selected, WindowSums } from '../model/selected.js';
import { byCodeUnits } from '../model/text.js';
import { closedEnd } from '../model/windows.js';

/** A part of a batch is cut before it would grow beyond this, bytes. */
const PART_BYTES = 500_000;
/** A partial without its labels is no larger, bytes. */
const PARTIAL_BYTES = 80;
const BUCKET_BYTES = 16;

/** What closing needs to know of its partition, and remembers. */
export interface Closing {
  readonly sourcePartition: number;
  /** Number of partitions of partials. */
  readonly targets: number;
  readonly selected: readonly Selected[];
  /** Watermark of the batch before; null before the first. */
  lastBatch: number | null;
}

export interface Closed {
  readonly block: Block;
  readonly batches: readonly { readonly target: number; readonly batch: PartialBatch }[];
}

/** At each watermark that passes the end of a window, with data or not: one batch to every target. */
export function closeWindows(closing: () => Closing): OperatorFunction<Block, Closed> {
  return map((block) => {
    const batches: { target: number; batch: PartialBatch }[] = [];
    for (const mark of block.watermarks) {
      const state = closing();
      if (!crosses(state.selected, mark)) continue;
      batches.push(...close(state, mark));
      state.lastBatch = mark.after;
    }
    return { block, batches };
  });
}

/** Whether the watermark passes the end of any window of any selection. */
function crosses(selected: readonly Selected[], { before, after }: WatermarkRow): boolean {
  if (!(after > before)) return false;
  return selected.some(({ selection: { window, grace }, from }) => {
    const end = closedEnd(after, window, grace);
    return end > closedEnd(before, window, grace) && end - window >= from;
  });
}

function close(state: Closing, mark: WatermarkRow): Closed['batches'] {
  const { selected, targets } = state;
  const byTarget = Array.from({ length: targets }, () => new Parts());
  for (const [owner, sums] of dueWindows(selected, mark.after)) {
    for (const id of owner.sortedGroups(sums)) {
      const group = owner.groups.get(id);
      byTarget[group.target]?.add(new PartialRow(owner.selection, sums, id, group), group);
    }
    owner.drop(sums);
  }
  const selections = selected.map(({ selection, from }) => ({ id: selection.id, from }));
  return byTarget.flatMap(({ parts }, target) =>
    parts.map((part, index, all) => ({
      target,
      batch: {
        sourcePartition: state.sourcePartition,
        sourcePartitions: mark.sourcePartitions,
        previousWatermark: state.lastBatch,
        watermark: mark.after,
        part: index,
        last: index === all.length - 1,
        selections,
        partials: part,
      },
    })),
  );
}

/** Windows to close, in order of end + grace, end, selection. */
function dueWindows(selected: readonly Selected[], watermark: number): (readonly [Selected, WindowSums])[] {
  const due = selected.flatMap((owner) =>
    [...owner.windows.values()]
      .filter(({ start }) => start + owner.selection.window + owner.selection.grace <= watermark)
      .map((sums) => [owner, sums] as const),
  );
  const end = ([owner, sums]: (typeof due)[number]): number => sums.start + owner.selection.window;
  return due.sort(
    (a, b) =>
      end(a) + a[0].selection.grace - (end(b) + b[0].selection.grace) ||
      end(a) - end(b) ||
      byCodeUnits(a[0].selection.id, b[0].selection.id),
  );
}

/** Cuts by an upper bound of the encoded size, so that the same partials give the same parts. */
class Parts {
  readonly parts: Partial[][] = [[]];
  #size = 0;

  add(partial: PartialRow, { bytes: labels }: Group): void {
    const bytes = PARTIAL_BYTES + labels + BUCKET_BYTES * partial.bounds;
    if (this.#size + bytes > PART_BYTES && this.#size > 0) {
      this.parts.push([]);
      this.#size = 0;
    }
    this.parts.at(-1)?.push(partial);
    this.#size += bytes;
  }
}
