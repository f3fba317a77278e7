import type { Partial } from '../../schemas/types.js';
import { toRecord } from './buckets.js';
import type { Group } from './groups.js';
import type { WindowSums } from './selected.js';
import type { Selection } from './selection.js';

/**
 * One group's part of a window that closed, as a record shows it: what is written of it is looked up where it lies,
 * since an object with all of its numbers would take four times the memory.
 */
export class PartialRow implements Partial {
  readonly group: Group['labels'];

  constructor(
    readonly of: Selection,
    readonly sums: WindowSums,
    readonly id: number,
    { labels }: Group,
  ) {
    this.group = labels;
  }

  get selection(): string {
    return this.of.id;
  }

  get start(): number {
    return this.sums.start;
  }

  get requests(): number {
    return this.sums.requests[this.id] ?? 0;
  }

  get latencySum(): number {
    return this.sums.latencySum[this.id] ?? 0;
  }

  get errors(): number {
    return this.sums.errors[this.id] ?? 0;
  }

  /** How many buckets it has. */
  get bounds(): number {
    return this.of.buckets ? this.sums.buckets.boundsOf(this.id) : 0;
  }

  /** Null also where nothing of the group grew in the window. */
  get buckets(): Partial['buckets'] {
    const total = this.of.buckets ? this.sums.buckets.of(this.id) : null;
    return total === null ? null : toRecord(total);
  }

  get samples(): number {
    return this.sums.samples[this.id] ?? 0;
  }

  get covered(): boolean {
    return this.sums.covered[this.id] === 1;
  }

  get max(): number | null {
    return this.sums.max[this.id] ?? null;
  }
}
