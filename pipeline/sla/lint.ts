import type { Rule, RuleSet } from '../model/rule.js';
import { type Diagnostic, formatDiagnostic } from './diagnostics.js';
import { type Entry, Problems } from './document.js';
import { baselineErasesFor, baselineUnused, baselineWithoutLinger } from './lints/baselines.js';
import { quantileInsideBucket, ratioBetweenBounds } from './lints/buckets.js';
import {
  burnsBeyondBudget,
  leastTrafficUnseen,
  neverClears,
  neverFires,
  oneErrorIsAll,
} from './lints/conditions.js';
import {
  defaultsUnused,
  matchesNothing,
  noErrorsAmongMatched,
  sameAsAnother,
  unknownLabels,
} from './lints/labels.js';
import type { FileLint, RuleLint, Surroundings, Warning } from './lints/linted.js';
import { forBelowStep, lingerWithinStep, windowOfFewScrapes } from './lints/timing.js';

/** What can be told of one rule: a new one is a function here, and a file in `lintdata`. */
const ruleLints: readonly RuleLint[] = [
  neverFires,
  neverClears,
  burnsBeyondBudget,
  baselineWithoutLinger,
  baselineErasesFor,
  windowOfFewScrapes,
  forBelowStep,
  lingerWithinStep,
  quantileInsideBucket,
  ratioBetweenBounds,
  leastTrafficUnseen,
  oneErrorIsAll,
  unknownLabels,
  matchesNothing,
  noErrorsAmongMatched,
  sameAsAnother,
  baselineUnused,
];

const fileLints: readonly FileLint[] = [defaultsUnused];

type Entries = ReadonlyMap<string, Entry>;

/** `FILE:LINE:COLUMN warning: message` */
export const formatWarning = (warning: Diagnostic): string =>
  formatDiagnostic({ ...warning, message: `warning: ${warning.message}` });

/** Places of what rules say, in the text they came from. */
export class Places {
  readonly #problems: Problems;
  readonly #defaults: Entries;
  /** By the line of the key `alert`. */
  readonly #rules: ReadonlyMap<number, Entries>;

  constructor({ file, text }: RuleSet) {
    this.#problems = new Problems(file);
    const top = this.#problems.parts(this.#problems.parse(text));
    this.#defaults = this.#problems.parts(top.get('defaults')?.value ?? null);
    const slas = top.get('slas');
    const items = slas === undefined ? [] : this.#problems.items(slas.value, 'slas');
    this.#rules = new Map(
      items.flatMap((item) => {
        const entries = this.#problems.parts(item);
        const alert = entries.get('alert');
        return alert ? [[this.#problems.line(alert.key), entries] as const] : [];
      }),
    );
  }

  get defaults(): ReadonlySet<string> {
    return new Set(this.#defaults.keys());
  }

  get own(): readonly ReadonlySet<string>[] {
    return [...this.#rules.values()].map((entries) => new Set(entries.keys()));
  }

  ownOf({ line }: Rule): ReadonlySet<string> {
    return new Set(this.#rules.get(line)?.keys() ?? []);
  }

  /** Takes a warning of a rule, or of `defaults`: at its key, else where the defaults say it, else at the name. */
  warn(rule: Rule | null, { key, message }: Warning): void {
    const own = rule === null ? undefined : this.#rules.get(rule.line);
    const entry = own?.get(key) ?? this.#defaults.get(key) ?? own?.get('alert');
    this.#problems.at(entry?.value, message);
  }

  /** All that were taken, in order of place; what is said of `defaults` for several rules once. */
  get warnings(): readonly Diagnostic[] {
    const distinct = new Map(this.#problems.all.map((one) => [formatDiagnostic(one), one]));
    return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** What rules that compile hardly can mean, in order of place; `more` are lints for this once. */
export function lintRules(
  set: RuleSet,
  surroundings: Surroundings,
  more: readonly RuleLint[] = [],
): readonly Diagnostic[] {
  const places = new Places(set);
  const { rules } = set;
  for (const rule of rules)
    for (const lint of [...ruleLints, ...more])
      for (const warning of lint({ ...surroundings, rule, own: places.ownOf(rule), rules }))
        places.warn(rule, warning);
  for (const lint of fileLints)
    for (const warning of lint({ defaults: places.defaults, own: places.own })) places.warn(null, warning);
  return places.warnings;
}
