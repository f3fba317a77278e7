import { BucketColumns } from './bucket-columns.js';
import type { RecordCursor } from './cursor.js';

/** The classes of docs/semantics.md; every metric record counts in exactly one. */
export const classes = [
  'unselected',
  'skewed',
  'bad',
  'duplicate',
  'superseded',
  'out_of_order',
  'overflow',
  'late',
  'aggregated',
] as const;
export type RecordClass = (typeof classes)[number];

/** Class codes as they stand in a block: index in `classes` + 1; 0 where undecided or not a metric record. */
export const Class = {
  none: 0,
  unselected: 1,
  skewed: 2,
  bad: 3,
  duplicate: 4,
  superseded: 5,
  outOfOrder: 6,
  overflow: 7,
  late: 8,
  aggregated: 9,
  /** Undecided, and a gauge's: its value is the sum. */
  gauge: 10,
} as const;

export interface WatermarkRow {
  readonly row: number;
  readonly timestamp: number;
  readonly source: string;
  readonly partitions: number;
  /** The partition's watermark before and after, ms; -Infinity for none. */
  before: number;
  after: number;
  /** Greatest number of source partitions said so far. */
  sourcePartitions: number;
}

/** A closed window that a row met. */
export interface LateWindow {
  readonly selection: string;
  readonly start: number;
}

/** A series that counts elsewhere from a row on, and what it was a member of before, by selection. */
export interface Move {
  readonly row: number;
  readonly members: readonly number[];
}

/**
 * One batch in columns, reused from batch to batch. A row is a record, in log order; operators fill in
 * their columns one after the other. Arrays are longer than `rows`.
 */
export class Block {
  rows = 0;
  /** Series slot; -1 where the row is no selected sample. */
  slot = new Int32Array(0);
  class = new Uint8Array(0);
  /** Scrape time, ms. */
  t = new Float64Array(0);
  /** Start of the counter, ms; NaN for unknown. */
  start = new Float64Array(0);
  count = new Float64Array(0);
  sum = new Float64Array(0);
  /** The partition's watermark when the row is read, ms; -Infinity for none. */
  watermark = new Float64Array(0);
  /** Begin of the increase's interval (from, t], ms; NaN where there is no increase. */
  from = new Float64Array(0);
  countIncrease = new Float64Array(0);
  sumIncrease = new Float64Array(0);
  /** Of rows whose series have their buckets kept. */
  readonly buckets = new BucketColumns();
  readonly watermarks: WatermarkRow[] = [];
  /** By row. */
  readonly late = new Map<number, LateWindow[]>();
  /** By slot, in order of rows. */
  readonly moves = new Map<number, Move[]>();
  /** What is wrong with a bad row, for people. */
  readonly problems = new Map<number, string>();
  /** Bad rows whose labels are beyond the limits. */
  refused = 0;

  #batch: RecordCursor | null = null;

  reset(batch: RecordCursor): void {
    this.#batch = batch;
    this.rows = 0;
    this.refused = 0;
    this.watermarks.length = 0;
    this.late.clear();
    this.problems.clear();
    this.buckets.reset(batch.count);
    this.moves.clear();
    if (batch.count > this.t.length) this.#allocate(Math.max(1024, batch.count, this.t.length * 2));
  }

  /** The batch with its cursor at each of these rows, which rise, one after the other: it is walked once more. */
  *at(rows: Iterable<number>): Generator<RecordCursor> {
    const batch = this.#batch;
    batch?.rewind();
    let behind = 0;
    for (const row of rows) {
      while (behind <= row && batch?.advance()) behind++;
      if (batch) yield batch;
    }
  }

  moved(slot: number, move: Move): void {
    const moves = this.moves.get(slot);
    if (moves) moves.push(move);
    else this.moves.set(slot, [move]);
  }

  /** What the series was a member of at the row; null where it has not moved since. */
  membersAt(slot: number, row: number): readonly number[] | null {
    return this.moves.get(slot)?.find((move) => row < move.row)?.members ?? null;
  }

  #allocate(capacity: number): void {
    this.slot = new Int32Array(capacity);
    this.class = new Uint8Array(capacity);
    this.t = new Float64Array(capacity);
    this.start = new Float64Array(capacity);
    this.count = new Float64Array(capacity);
    this.sum = new Float64Array(capacity);
    this.watermark = new Float64Array(capacity);
    this.from = new Float64Array(capacity);
    this.countIncrease = new Float64Array(capacity);
    this.sumIncrease = new Float64Array(capacity);
  }
}
