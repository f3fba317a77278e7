import type { Rule } from '../../model/rule.js';
import type { Selection } from '../../model/selection.js';

/** What a rule file says and hardly can mean, at the key that says it. */
export interface Warning {
  readonly key: string;
  readonly message: string;
}

/** What is known beside the rules. */
export interface Surroundings {
  /** How often targets are scraped, ms. */
  readonly scrapeInterval: number;
  /** Finite bounds of the buckets that a selection has, s, in order; null where nobody knows. */
  readonly boundsOf: (selection: Selection) => readonly number[] | null;
}

export interface Linted extends Surroundings {
  readonly rule: Rule;
  /** Keys that the rule sets for itself. */
  readonly own: ReadonlySet<string>;
  readonly rules: readonly Rule[];
}

export interface LintedFile {
  /** Keys of `defaults`. */
  readonly defaults: ReadonlySet<string>;
  /** For each rule of the file the keys that it sets for itself. */
  readonly own: readonly ReadonlySet<string>[];
}

export type RuleLint = (linted: Linted) => readonly Warning[];
export type FileLint = (file: LintedFile) => readonly Warning[];

export const told = (key: string, message: string): readonly Warning[] => [{ key, message }];
export const nothing: readonly Warning[] = [];
