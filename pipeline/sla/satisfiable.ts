import { type Measure, unitOf } from '../model/measures.js';
import type { Condition, Operator, Rule } from '../model/rule.js';

/** The values that a measure can have, both ends among them. */
type Domain = readonly [least: number, greatest: number];

const compare: Readonly<Record<Operator, (value: number, threshold: number) => boolean>> = {
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '==': (value, threshold) => value === threshold,
  '!=': (value, threshold) => value !== threshold,
};

const opposite: Readonly<Record<Operator, Operator>> = {
  '>': '<=',
  '>=': '<',
  '<': '>=',
  '<=': '>',
  '==': '!=',
  '!=': '==',
};

export const negated = (condition: Condition): Condition => ({
  ...condition,
  operator: opposite[condition.operator],
});

/** Rates are by the window's own length up to so many ms; beyond, and of sessions, it differs. */
const EXACT = 3_600_000;

/** What the measure can be in a window that the rule judges. */
function domainOf(measure: Measure, { minRequests, selection }: Rule): Domain {
  switch (unitOf(measure)) {
    case 'own':
      return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    case 'ratio':
    case 'share':
      return [0, 1];
    case 'requests':
      return [minRequests, Number.POSITIVE_INFINITY];
    case '/s': {
      const exact = selection.window <= EXACT && !selection.panes?.session;
      return [exact ? (minRequests * 1000) / selection.window : 0, Number.POSITIVE_INFINITY];
    }
    case 's':
    case 'B/s':
    case 'times':
      return [0, Number.POSITIVE_INFINITY];
  }
}

/** Whether some window that the rule judges can make all hold. What a baseline is nobody can say before. */
export function canHold(conditions: readonly Condition[], rule: Rule): boolean {
  const measures = new Set(conditions.map(({ measure }) => measure));
  return [...measures].every((measure) =>
    someValue(
      conditions.filter((one) => one.measure === measure),
      domainOf(measure, rule),
    ),
  );
}

function someValue(conditions: readonly Condition[], domain: Domain): boolean {
  const fixed = conditions.flatMap(({ operator, threshold }) =>
    threshold.kind === 'fixed' ? [{ holds: compare[operator], value: threshold.value }] : [],
  );
  const thresholds = fixed.map(({ value }) => value);
  return candidates(thresholds, domain).some((one) => fixed.every(({ holds, value }) => holds(one, value)));
}

/** One value of each stretch in which no comparison changes, and each end of one. */
function candidates(thresholds: readonly number[], [least, greatest]: Domain): readonly number[] {
  const ends = [
    Number.isFinite(least) ? least : Math.min(0, ...thresholds) - 1,
    ...thresholds.filter((one) => one > least && one < greatest),
    Number.isFinite(greatest) ? greatest : Math.max(0, least, ...thresholds) + 1,
  ].sort((a, b) => a - b);
  return ends.flatMap((end, i) => [end, (end + (ends[i + 1] ?? end)) / 2]);
}
