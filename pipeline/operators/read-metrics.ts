import { map, type OperatorFunction } from 'rxjs';
import { type Block, Class } from '../model/block.js';
import type { MetricDecoding, MetricReader, RecordCursor } from '../model/cursor.js';
import { beyondLimits } from '../model/limits.js';
import { Wanted } from '../model/memberships.js';
import type { SeriesTable } from '../model/series-table.js';

const FRAME = 5;

/**
 * Bytes to columns: reads each record in place and finds its series. Samples that no rule selects,
 * and what cannot be read, are classed here; watermarks are listed; checkpoints are passed over.
 */
export function readMetrics(
  decoding: MetricDecoding,
  series: () => SeriesTable,
  block: Block,
): OperatorFunction<RecordCursor, Block> {
  const known = { id: -1, reader: null as MetricReader | null | undefined };
  return map((batch) => {
    const table = series();
    const { memberships } = table;
    table.trim();
    block.reset(batch);
    const { bytes } = batch;
    const { slot: slots, class: classed, t, start, count, sum } = block;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let row = 0;
    for (; batch.advance(); row++) {
      const { keyStart, keyEnd, valueStart, valueEnd } = batch;
      classed[row] = Class.none;
      slots[row] = -1;
      const isFramed = valueEnd - valueStart >= FRAME && bytes[valueStart] === 0;
      const id = isFramed ? view.getUint32(valueStart + 1) : -1;
      if (id !== known.id || id < 0) {
        known.id = id;
        known.reader = id < 0 ? undefined : decoding.metricReader(id);
      }
      const { reader } = known;
      if (!reader) readOther(block, row, decoding, bytes.subarray(valueStart, valueEnd));
      else if (!reader.read(bytes, valueStart + FRAME, valueEnd))
        bad(block, row, 'the record is cut off or damaged');
      else if (keyStart < 0) bad(block, row, 'the record has no key: it must be the series text');
      else {
        let slot = table.find(bytes, keyStart, keyEnd);
        if (slot < 0) slot = takeIn(block, row, { batch, reader, decoding, table });
        if (slot < 0) continue;
        slots[row] = slot;
        t[row] = reader.timestamp;
        start[row] = reader.startTimestamp;
        count[row] = reader.count;
        sum[row] = reader.sum;
        const { gauge } = reader;
        if (memberships.wanted[slot] !== (gauge ? Wanted.gauge : Wanted.cumulative))
          classed[row] = Class.unselected;
        else if (gauge) classed[row] = Class.gauge;
        else if (memberships.keepsBuckets[slot] === 1) block.buckets.take(row, reader);
      }
    }
    block.rows = row;
    return block;
  });
}

interface Met {
  readonly batch: RecordCursor;
  readonly reader: MetricReader;
  readonly decoding: MetricDecoding;
  readonly table: SeriesTable;
}

/** A slot for a series that was not met before; -1 where it is refused. */
function takeIn(block: Block, row: number, { batch, reader, decoding, table }: Met): number {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
  const identity = decoding.identity(bytes.subarray(valueStart, valueEnd));
  const beyond = beyondLimits(identity, keyEnd - keyStart);
  if (beyond === null) return table.intern(bytes.subarray(keyStart, keyEnd), identity);
  refuse(block, row, table.wants(identity, reader.gauge) ? beyond : null);
  return -1;
}

function readOther(block: Block, row: number, decoding: MetricDecoding, value: Uint8Array): void {
  const other = decoding.other(value);
  if (typeof other === 'string') bad(block, row, other);
  else if (other !== null) {
    const none = Number.NEGATIVE_INFINITY;
    block.watermarks.push({ row, ...other, before: none, after: none, sourcePartitions: 0 });
  }
}

function bad(block: Block, row: number, problem: string): void {
  block.class[row] = Class.bad;
  block.problems.set(row, problem);
}

/** A series beyond the limits is not remembered, so it is looked at each time. Null where no rule selects it. */
function refuse(block: Block, row: number, beyond: string | null): void {
  if (beyond === null) block.class[row] = Class.unselected;
  else {
    bad(block, row, beyond);
    block.refused++;
  }
}
