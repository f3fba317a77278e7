import type { AlertRecord } from '../../schemas/types.js';

/** A window that the decision looked back at. */
export interface LookedAt {
  /** ms since the epoch. */
  readonly start: number;
  readonly end: number;
  /** The rule's measure; null where it cannot be told. */
  readonly value: number | null;
  readonly requests: number;
  /** Whether it counted: it has requests, and the rule was inactive after it or that does not matter. */
  readonly counted: boolean;
}

/** What the decision comes to when it is made again from the windows in the log. */
export interface Recomputed {
  readonly value: number | null;
  readonly threshold: number | null;
  /** All of several, as the record has them. */
  readonly conditions: AlertRecord['conditions'];
  /** Of the first condition that compares with one. */
  readonly baseline: number | null;
  /** How many windows the baseline counted; null without one. */
  readonly windows: number | null;
  /** All that the baseline chose from, the oldest first. */
  readonly lookedAt: readonly LookedAt[];
  /** The numbers of the record that are others; empty where all come out the same. */
  readonly differs: readonly string[];
  /** What could not be made again, and was taken from the record; null where all was. */
  readonly partly: string | null;
}

/** What the record says, and what it comes to again, by what it is. */
export type Said = Readonly<Record<string, readonly [unknown, unknown]>>;

export const differences = (said: Said): readonly string[] =>
  Object.entries(said).flatMap(([name, [one, other]]) =>
    one === other ? [] : [`${name}: ${one} in the record, ${other} again`],
  );
