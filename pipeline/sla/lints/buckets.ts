import { boundOf, isQuantile } from '../../model/measures.js';
import type { Condition } from '../../model/rule.js';
import { inWords } from '../../model/units.js';
import { nothing, type RuleLint, told } from './linted.js';
import { conditionsOf, measuresOf } from './parts.js';

/** Those of most client libraries of Prometheus, and of the services that come with Tidemark; s. */
export const usualBounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const seconds = (value: number): string => inWords(value, 's');

export const quantileInsideBucket: RuleLint = ({ rule, boundsOf }) => {
  const bounds = boundsOf(rule.selection) ?? [];
  const inside = (conditions: readonly Condition[], key: string) =>
    conditions.flatMap((one) => {
      const problem = quantileProblem(one, bounds);
      return problem === null ? nothing : told(key, problem);
    });
  return [...inside(conditionsOf(rule), 'when'), ...inside(rule.clear ?? [], 'clear')];
};

function quantileProblem({ measure, threshold }: Condition, bounds: readonly number[]): string | null {
  if (!isQuantile(measure) || threshold.kind !== 'fixed' || threshold.value <= 0) return null;
  const at = threshold.value;
  const last = bounds.at(-1);
  if (last === undefined || bounds.includes(at)) return null;
  if (at > last)
    return `${measure} is no number above the last bound of its buckets, ${seconds(last)}: whether it passes ${seconds(at)} is never known`;
  const [below = 0, above = last] = [bounds.findLast((one) => one < at), bounds.find((one) => one > at)];
  const better = below === 0 ? seconds(above) : `${seconds(below)} or ${seconds(above)}`;
  return `${measure} is known to within a bucket, and ${seconds(at)} lies inside the one from ${seconds(below)} to ${seconds(above)}: compare with ${better}`;
}

export const ratioBetweenBounds: RuleLint = ({ rule, boundsOf }) => {
  const bounds = boundsOf(rule.selection);
  if (bounds === null) return nothing;
  return measuresOf(rule).flatMap((measure) => {
    const bound = boundOf(measure);
    if (bound === null || bounds.includes(bound)) return nothing;
    const near = [bounds.findLast((one) => one < bound), bounds.find((one) => one > bound)];
    const [one, other] = near.flatMap((found) => (found === undefined ? [] : seconds(found)));
    const there =
      other === undefined ? `the nearest bound is ${one}` : `the nearest bounds are ${one} and ${other}`;
    return told(
      rule.context.includes(measure) ? 'context' : rule.objective ? 'sli' : 'when',
      `${measure} is not judged where no bucket ends at ${seconds(bound)}: ${one === undefined ? 'there are no buckets' : there}`,
    );
  });
};
