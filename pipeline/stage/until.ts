import type { Batch } from '../../platform/log/batch.js';
import type { Offset } from '../../platform/log/event-log.js';

/** The records of a batch below an offset. */
export function until(batch: Batch, end: Offset): Batch {
  return batch.next <= end ? batch : new CutBatch(batch, end);
}

class CutBatch implements Batch {
  constructor(
    readonly batch: Batch,
    readonly next: Offset,
  ) {}

  get bytes(): Buffer {
    return this.batch.bytes;
  }
  /** At most. */
  get count(): number {
    return this.batch.count;
  }
  get more(): boolean {
    return this.batch.more;
  }
  get offset(): Offset {
    return this.batch.offset;
  }
  get appendedAt(): number {
    return this.batch.appendedAt;
  }
  get keyStart(): number {
    return this.batch.keyStart;
  }
  get keyEnd(): number {
    return this.batch.keyEnd;
  }
  get valueStart(): number {
    return this.batch.valueStart;
  }
  get valueEnd(): number {
    return this.batch.valueEnd;
  }
  advance(): boolean {
    return this.batch.advance() && this.batch.offset < this.next;
  }
  rewind(): void {
    this.batch.rewind();
  }
}
