import { type MonoTypeOperatorFunction, map } from 'rxjs';
import type { Block } from '../model/block.js';
import type { PartitionWatermark } from '../model/watermarks.js';

/** Writes beside every row the partition's watermark at that place of the log. */
export function trackWatermark(watermark: () => PartitionWatermark): MonoTypeOperatorFunction<Block> {
  return map((block) => {
    const tracked = watermark();
    let row = 0;
    for (const mark of block.watermarks) {
      block.watermark.fill(tracked.value, row, mark.row);
      mark.before = tracked.value;
      mark.after = tracked.advance(mark.source, mark.timestamp, mark.partitions);
      mark.sourcePartitions = tracked.sourcePartitions;
      row = mark.row;
    }
    block.watermark.fill(tracked.value, row, block.rows);
    return block;
  });
}
