import { isDeepStrictEqual } from 'node:util';
import type { Rule } from './rule.js';

/** Whether two rules of one name judge alike: nothing differs but texts, labels, severity and place. */
export function sameRule(a: Rule, b: Rule): boolean {
  return isDeepStrictEqual(judged(a), judged(b));
}

function judged(rule: Rule): Partial<Rule> {
  const { annotations: _a, labels: _l, severity: _s, file: _f, line: _n, ...rest } = rule;
  return rest;
}
