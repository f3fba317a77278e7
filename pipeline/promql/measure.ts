import { type Binary, type Expression, Unconvertible } from './expression.js';
import { gauge } from './gauges.js';
import { constantOf, type Measured } from './measured.js';
import { ofRate, quantile, quotient, rateOf } from './rates.js';

/** What the expression measures; throws `Unconvertible` where that is nothing of ours. */
export function measuredBy(expression: Expression): Measured {
  if (expression.kind === 'binary') return computedBy(expression);
  if (expression.kind === 'call' && expression.name === 'histogram_quantile') return quantile(expression);
  const rate = rateOf(expression);
  return rate === null ? gauge(expression) : ofRate(rate);
}

function computedBy(expression: Binary & { readonly at: number }): Measured {
  const { operator, left, right, at } = expression;
  const [before, behind] = [constantOf(left), constantOf(right)];
  const scaled = (of: Measured, factor: number, constant: number): Measured => ({
    ...of,
    factor: of.factor * factor,
    constant: of.constant * factor + constant,
  });
  if (behind !== null && operator === '*') return scaled(measuredBy(left), behind, 0);
  if (behind !== null && operator === '/') return scaled(measuredBy(left), 1 / behind, 0);
  if (behind !== null && operator === '+') return scaled(measuredBy(left), 1, behind);
  if (behind !== null && operator === '-') return scaled(measuredBy(left), 1, -behind);
  if (before !== null && operator === '*') return scaled(measuredBy(right), before, 0);
  if (before !== null && operator === '+') return scaled(measuredBy(right), 1, before);
  if (before !== null && operator === '-') return scaled(measuredBy(right), -1, before);
  if (operator === '/') return quotient(expression);
  // What is unknown there says so itself.
  for (const side of [left, right]) if (side.kind === 'call' && rateOf(side) === null) gauge(side);
  throw new Unconvertible(at, `${operator} between these two has no counterpart`);
}
