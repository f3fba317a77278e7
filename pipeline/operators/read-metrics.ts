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
  const state = { id: -1, reader: null as MetricReader | null | undefined };
  return map((batch) => {
    const table = series();
    table.trim();
    block.reset(batch);
    const { bytes, offset, keyStart, keyEnd, valueStart, valueEnd, slot, class: classed } = block;
    let row = 0;
    for (; batch.advance(); row++) {
      offset[row] = batch.offset;
      keyStart[row] = batch.keyStart;
      keyEnd[row] = batch.keyEnd;
      valueStart[row] = batch.valueStart;
      valueEnd[row] = batch.valueEnd;
      classed[row] = Class.none;
      slot[row] = -1;
      const id = schemaId(bytes, batch.valueStart, batch.valueEnd);
      if (id !== state.id || id < 0) {
        state.id = id;
        state.reader = id < 0 ? undefined : decoding.metricReader(id);
      }
      if (state.reader) readSample(block, row, state.reader, decoding, table);
      else readOther(block, row, decoding);
    }
    block.rows = row;
    return block;
  });
}

function readSample(
  block: Block,
  row: number,
  reader: MetricReader,
  decoding: MetricDecoding,
  table: SeriesTable,
): void {
  const { bytes } = block;
  const keyStart = block.keyStart[row] ?? -1;
  const keyEnd = block.keyEnd[row] ?? -1;
  const valueStart = block.valueStart[row] ?? 0;
  const valueEnd = block.valueEnd[row] ?? 0;
  if (!reader.read(bytes, valueStart + FRAME, valueEnd)) {
    bad(block, row, 'the record is cut off or damaged');
    return;
  }
  if (keyStart < 0) {
    bad(block, row, 'the record has no key: it must be the series text');
    return;
  }
  let slot = table.find(bytes, keyStart, keyEnd);
  if (slot < 0) {
    const identity = decoding.identity(bytes.subarray(valueStart, valueEnd));
    const beyond = beyondLimits(identity, keyEnd - keyStart);
    if (beyond !== null) {
      refuse(block, row, table.wants(identity, reader.gauge) ? beyond : null);
      return;
    }
    slot = table.intern(bytes.subarray(keyStart, keyEnd), identity);
  }
  block.slot[row] = slot;
  block.t[row] = reader.timestamp;
  block.start[row] = reader.startTimestamp;
  block.count[row] = reader.count;
  block.sum[row] = reader.sum;
  const { gauge } = reader;
  const { wanted, keepsBuckets } = table.memberships;
  if (wanted[slot] !== (gauge ? Wanted.gauge : Wanted.cumulative)) block.class[row] = Class.unselected;
  else if (gauge) block.class[row] = Class.gauge;
  else if (keepsBuckets[slot] === 1) block.buckets.take(row, reader);
}

function readOther(block: Block, row: number, decoding: MetricDecoding): void {
  const value = block.bytes.subarray(block.valueStart[row], block.valueEnd[row]);
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

/** The schema id of a framed value; -1 where it is not framed. */
function schemaId(bytes: Buffer, start: number, end: number): number {
  if (end - start < FRAME || bytes[start] !== 0) return -1;
  return bytes.readUInt32BE(start + 1);
}
