import { classes } from './block.js';
import type { StateReader, StateWriter } from './state-bytes.js';

/** How many dead letters of a class are written raw between two watermarks. */
export const RAW_DEAD_LETTERS = 100;

/** What became of the records of one partition, since its log began. */
export class Account {
  /** By class code - 1. */
  readonly totals = new Float64Array(classes.length);
  /** Dead letters since the last watermark, by class code - 1. */
  readonly since = new Float64Array(classes.length);

  /** Records among the bad ones whose labels are beyond the limits; saved by its owner. */
  refused = 0;

  save(to: StateWriter): void {
    for (const total of this.totals) to.f64(total);
    for (const since of this.since) to.f64(since);
  }

  static load(from: StateReader): Account {
    const account = new Account();
    for (let i = 0; i < classes.length; i++) account.totals[i] = from.f64();
    for (let i = 0; i < classes.length; i++) account.since[i] = from.f64();
    return account;
  }
}
