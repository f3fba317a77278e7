import { type Expression, type Selected, Unconvertible } from './expression.js';
import { type Measured, noCounterpart, unitary } from './measured.js';

const counting = /_(?:total|count|sum|bucket)$/;
const overTime: Readonly<Record<string, 'avg' | 'max'>> = { avg_over_time: 'avg', max_over_time: 'max' };

/** A gauge at a moment, or over a range; of several series their mean, or the greatest. */
export function gauge(expression: Expression): Measured {
  if (expression.kind === 'selector') return ofGauge(expression, { measure: 'avg', window: null });
  if (expression.kind === 'call') {
    const measure = overTime[expression.name];
    const [range] = expression.args;
    if (measure === undefined) throw noCounterpart(expression);
    if (range?.kind !== 'range') throw noCounterpart(range ?? expression);
    return ofGauge({ ...range.of, at: expression.at }, { measure, window: range.ms });
  }
  if (expression.kind !== 'aggregate') throw noCounterpart(expression);
  const [argument] = expression.args;
  const measure = expression.name === 'avg' || expression.name === 'max' ? expression.name : null;
  if (!argument) throw noCounterpart(expression);
  // What is unknown within says so itself.
  const of = measure !== null || !['binary', 'number'].includes(argument.kind) ? gauge(argument) : null;
  if (of === null || measure === null)
    throw new Unconvertible(
      expression.at,
      `${expression.name} of these has no counterpart: there are avg and max of a gauge`,
    );
  if (of.by !== null || (of.window !== null && of.measure !== measure))
    throw new Unconvertible(expression.at, `${measure} of ${of.measure} has no counterpart`);
  return { ...of, measure, by: expression.by, at: expression.at };
}

function ofGauge(
  { metric, matchers, at }: Selected & { readonly at: number },
  { measure, window }: { readonly measure: 'avg' | 'max'; readonly window: number | null },
): Measured {
  if (counting.test(metric))
    throw new Unconvertible(at, `${metric} counts: what it has counted has no counterpart, its rate() does`);
  return { ...unitary, measure, metric, matchers, by: null, window, at };
}
