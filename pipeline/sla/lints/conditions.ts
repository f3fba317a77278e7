import { formatMeasure } from '../../model/format.js';
import { short } from '../../model/units.js';
import { canHold, negated } from '../satisfiable.js';
import { nothing, type RuleLint, told } from './linted.js';
import { conditionsOf } from './parts.js';

/** Silence breaks a rule of `no_data: alert`, whatever its conditions say. */
export const neverFires: RuleLint = ({ rule }) =>
  rule.noData === 'alert' || canHold(conditionsOf(rule), rule)
    ? nothing
    : told('when', 'this can never hold: no window that is judged has such a value');

export const neverClears: RuleLint = ({ rule }) => {
  const conditions = conditionsOf(rule);
  if (!canHold(conditions, rule)) return nothing;
  if (!conditions.some((one) => canHold([negated(one)], rule)))
    return told('when', 'this always holds: it fires for every group, and is never over');
  const { clear } = rule;
  if (clear === null || conditions.some((one) => canHold([...clear, negated(one)], rule))) return nothing;
  return told(
    'clear',
    canHold(clear, rule)
      ? 'this holds only while when does too: the alert is never over'
      : 'this can never hold: the alert is never over',
  );
};

/** Where all requests are bad, the budget burns 1 / (1 - objective) times as fast as it may. */
export const burnsBeyondBudget: RuleLint = ({ rule: { objective } }) => {
  if (objective === null) return nothing;
  const most = 1 / (1 - objective.target);
  return objective.rates
    .filter(({ factor }) => factor >= most)
    .flatMap(({ factor }) =>
      told(
        'burn_rate',
        `a factor of ${short(factor)} is never passed: where all requests are bad, the budget burns ${short(most)} times as fast as it may`,
      ),
    );
};

export const leastTrafficUnseen: RuleLint = ({ rule }) => {
  const low = conditionsOf(rule).find(
    ({ measure, operator }) =>
      ['request_rate', 'request_count', 'throughput'].includes(measure) && operator.startsWith('<'),
  );
  return low === undefined || rule.minRequests === 0 || !canHold(conditionsOf(rule), rule)
    ? nothing
    : told(
        'min_requests',
        `windows with fewer than ${rule.minRequests} requests are not judged, and they are those that ${low.measure} ${low.operator} ${formatMeasure(low.measure, low.threshold.kind === 'fixed' ? low.threshold.value : null)} is after`,
      );
};

export const oneErrorIsAll: RuleLint = ({ rule }) =>
  rule.minRequests === 0 &&
  conditionsOf(rule).every(({ measure, operator }) => measure === 'error_ratio' && operator.startsWith('>'))
    ? told(
        'when',
        'where a window has one request, one error is 100%: say with min_requests how many it takes',
      )
    : nothing;
