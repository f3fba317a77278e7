import type { RuleSet } from '../model/rule.js';

/** The rules to judge by, which may be others from one moment to the next. */
export interface RuleSource {
  readonly current: RuleSet;
  /** Aborted once `current` is another one. */
  readonly changed: AbortSignal;
}

/** The same rules for as long as it runs. */
export const unchanging = (rules: RuleSet): RuleSource => ({
  current: rules,
  changed: new AbortController().signal,
});
