import type { WindowRecord } from '../../schemas/types.js';
import { toRecord, unknownBuckets } from './buckets.js';
import { measured } from './measures.js';
import type { Selection } from './selection.js';
import type { GroupWindow } from './sums.js';

/** A group's window as a record shows it: what is written of it is looked up, or worked out, when it is asked for. */
export class WindowRow implements WindowRecord {
  constructor(
    readonly of: Selection,
    readonly sums: GroupWindow,
  ) {}

  get metric(): string {
    return this.of.metric;
  }

  get selection(): string {
    return this.of.id;
  }

  get group(): GroupWindow['labels'] {
    return this.sums.labels;
  }

  get start(): number {
    return this.sums.start;
  }

  get end(): number {
    return this.sums.end;
  }

  get requests(): number {
    return this.sums.requests;
  }

  get latencySum(): number {
    return this.sums.latencySum;
  }

  get errors(): number {
    return this.sums.errors;
  }

  get requestRate(): number {
    return (this.requests * 1000) / this.#ms;
  }

  get errorRatio(): number | null {
    return measured('error_ratio', this.sums, this.#ms);
  }

  get meanLatency(): number | null {
    return measured('mean_latency', this.sums, this.#ms);
  }

  get samples(): number {
    return this.sums.samples;
  }

  get covered(): boolean {
    return this.sums.covered;
  }

  get buckets(): WindowRecord['buckets'] {
    return this.of.buckets ? toRecord(this.sums.buckets ?? unknownBuckets) : null;
  }

  get max(): number | null {
    return this.sums.max;
  }

  get #ms(): number {
    return this.sums.end - this.sums.start;
  }
}
