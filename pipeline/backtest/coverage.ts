import type { WindowRecord } from '../../schemas/types.js';
import type { RuleSet } from '../model/rule.js';
import { everyOf } from '../model/selection.js';
import { LOOKBACK } from '../model/watermarks.js';
import type { Bounds } from './between.js';

/** Time without data, ms since the epoch. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Finds the time that no window with samples covers: docs/semantics.md, "Gaps". */
export class Coverage {
  readonly #steps: ReadonlyMap<string, number>;
  readonly #gaps: Gap[] = [];
  /** Start of the first window with samples, and the greatest end so far, ms. */
  #first = Number.POSITIVE_INFINITY;
  #reached = Number.NEGATIVE_INFINITY;

  constructor({ judged }: RuleSet) {
    const steps = judged
      .filter(({ panes }) => panes !== null && panes.session === null)
      .map((selection) => [selection.id, everyOf(selection)] as const);
    this.#steps = new Map(steps);
  }

  take({ selection, start, end, samples }: WindowRecord): void {
    if (samples === 0) return;
    const begin = Math.max(start, end - (this.#steps.get(selection) ?? Number.POSITIVE_INFINITY));
    if (this.#reached > Number.NEGATIVE_INFINITY && begin - this.#reached >= LOOKBACK)
      this.#gaps.push({ from: this.#reached, to: begin });
    this.#first = Math.min(this.#first, begin);
    this.#reached = Math.max(this.#reached, end);
  }

  /** From when there are data; null where there are none. */
  get first(): number | null {
    return this.#first === Number.POSITIVE_INFINITY ? null : this.#first;
  }

  /** Until when there are data; null where there are none. */
  get last(): number | null {
    return this.#reached === Number.NEGATIVE_INFINITY ? null : this.#reached;
  }

  /** All of 5 minutes or more, within the bounds; those at an open end are not known. */
  gaps({ from, to }: Bounds): readonly Gap[] {
    if (this.first === null) return [];
    const whole = [
      ...(from === Number.NEGATIVE_INFINITY ? [] : [{ from, to: this.#first }]),
      ...this.#gaps,
      ...(to === Number.POSITIVE_INFINITY ? [] : [{ from: this.#reached, to }]),
    ];
    return whole
      .map((gap) => ({ from: Math.max(gap.from, from), to: Math.min(gap.to, to) }))
      .filter((gap) => gap.to - gap.from >= LOOKBACK);
  }
}
