import type { AlertRecord } from '../../schemas/types.js';
import type { Operator } from '../model/rule.js';

/** A window in which a rule was not held. Times are ms since the epoch. */
export interface BrokenWindow {
  readonly start: number;
  readonly end: number;
  /** Of the rule's first condition; null where it cannot be told: beyond its buckets. */
  readonly value: number | null;
  readonly threshold: number | null;
}

/** An alert from when its condition first held to its end; Infinity where it is active still. */
export interface Active {
  readonly startsAt: number;
  /** When it fired; null where it never did. */
  readonly from: number | null;
  readonly end: number;
  /** That of the transition it began with. */
  readonly threshold: number | null;
}

/** What a report remembers of one rule and group: counts, its alerts, and its worst windows. */
export class Tally {
  judged = 0;
  held = 0;
  /** Of an objective: requests, and those of them that were bad. */
  requests = 0;
  bad = 0;
  readonly #active: Active[] = [];
  readonly #worst: BrokenWindow[] = [];
  #open: Active | null = null;

  constructor(
    readonly group: Readonly<Record<string, string>>,
    /** Of the rule's first condition. */
    readonly operator: Operator,
    /** How many of the worst windows are kept. */
    readonly most: number,
  ) {}

  /** Takes the transitions in order of time. */
  takeAlert({ state, startsAt, windowEnd, threshold }: AlertRecord): void {
    if (state === 'pending' || state === 'firing') {
      const from = state === 'firing' ? windowEnd : null;
      this.#open = {
        startsAt,
        from,
        end: Number.POSITIVE_INFINITY,
        threshold: this.#open?.threshold ?? threshold,
      };
      return;
    }
    // What began before the alerts that are there is known by its end alone: when it fired is not.
    const open = this.#open ?? { startsAt, from: null, threshold };
    this.#active.push({ ...open, end: windowEnd });
    this.#open = null;
  }

  /** All alerts, in order of time. */
  get alerts(): readonly Active[] {
    return this.#open === null ? this.#active : [...this.#active, this.#open];
  }

  /** The alert that is active at the time; null where none is. */
  activeAt(at: number): Active | null {
    if (this.#open !== null && this.#open.startsAt <= at) return this.#open;
    let [low, high] = [0, this.#active.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#active[middle] as Active).startsAt <= at) low = middle + 1;
      else high = middle;
    }
    const last = this.#active[low - 1];
    return last !== undefined && at < last.end ? last : null;
  }

  takeWindow(broken: BrokenWindow | null): void {
    this.judged++;
    if (broken === null) {
      this.held++;
      return;
    }
    const at = this.#worst.findIndex((one) => beyond(one, this.operator) < beyond(broken, this.operator));
    if (at >= 0) this.#worst.splice(at, 0, broken);
    else if (this.#worst.length < this.most) this.#worst.push(broken);
    if (this.#worst.length > this.most) this.#worst.pop();
  }

  /** The worst first. */
  get worst(): readonly BrokenWindow[] {
    return this.#worst;
  }
}

/** How far beyond the threshold, as a share of it; below 0 where it is not. */
function beyond({ value, threshold }: BrokenWindow, operator: Operator): number {
  if (value === null) return Number.POSITIVE_INFINITY;
  if (threshold === null) return 0;
  const apart = (value - threshold) / (threshold === 0 ? 1 : Math.abs(threshold));
  if (operator === '==' || operator === '!=') return Math.abs(apart);
  return operator.startsWith('<') ? -apart : apart;
}
