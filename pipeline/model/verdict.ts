import { thresholdOf } from './alert-record.js';
import type { BaselineView } from './baseline.js';
import { knownAbove, measured } from './measures.js';
import type { Condition, Operator, Rule } from './rule.js';
import type { Sums } from './sums.js';
import type { Unjudged } from './unjudged.js';

export type Verdict = boolean | Unjudged | 'no_data';

/** What is judged: a window's sums, and its bounds, ms. */
interface WindowSums extends Sums {
  readonly covered: boolean;
  readonly start: number;
  readonly end: number;
}

/** Whether the conditions hold, or why that cannot be said. */
export function judgedBy(rule: Rule, window: WindowSums | null, baseline: BaselineView): Verdict {
  if (window === null) return 'no_data';
  if (!window.covered) return 'not_covered';
  if (window.requests < rule.minRequests) return 'min_requests';
  const { condition, also } = rule;
  const first = holds(condition, window, baseline);
  return also.length === 0 ? first : together(first, also, window, baseline);
}

/** Whether what must hold for an alert to be over does. */
export const clears = (clear: readonly Condition[], window: WindowSums, baseline: BaselineView): boolean =>
  clear.every((condition) => holds(condition, window, baseline) === true);

/** One that does not hold decides, whatever cannot be said of the others. */
function together(
  first: Verdict,
  others: readonly Condition[],
  window: WindowSums,
  baseline: BaselineView,
): Verdict {
  let verdict = first;
  for (const condition of others) {
    if (verdict === false) return false;
    const other = holds(condition, window, baseline);
    if (other === false || verdict === true) verdict = other;
  }
  return verdict;
}

function holds(condition: Condition, window: WindowSums, baseline: BaselineView): boolean | Unjudged {
  const { measure, operator } = condition;
  const value = measured(measure, window, window.end - window.start);
  // Of a quantile above all bounds it is known that it is above a threshold that lies below the last one.
  const above = value === null ? knownAbove(measure, window) : null;
  if (value === null && above === null) return window.requests > 0 ? 'buckets' : 'no_requests';
  const threshold = thresholdOf(condition, baseline);
  if (threshold === null) return 'baseline';
  if (value !== null) return compare(value, operator, threshold);
  return above !== null && above >= threshold ? compare(Infinity, operator, threshold) : 'buckets';
}

function compare(value: number, operator: Operator, threshold: number): boolean {
  switch (operator) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '==':
      return value === threshold;
    case '!=':
      return value !== threshold;
  }
}
