import { methodText } from './alert-text.js';
import { formatDuration } from './durations.js';
import { comparedText, valueText } from './format.js';
import { inWords } from './units.js';

interface ToldCondition {
  readonly measure: string;
  readonly operator: string;
  readonly threshold:
    | { readonly kind: 'fixed'; readonly value: number }
    | { readonly kind: 'baseline'; readonly factor: number; readonly mads: number };
}

interface ToldObjective {
  readonly target: number;
  readonly sli: string | null;
  readonly rates: readonly { readonly long: number; readonly short: number; readonly factor: number }[];
}

/** What breaks and ends a rule, as the API tells it: measures may be of a newer version. Durations in ms. */
export interface ToldRule {
  readonly condition: ToldCondition;
  readonly also: readonly ToldCondition[];
  readonly clear: readonly ToldCondition[] | null;
  readonly objective: ToldObjective | null;
  readonly baseline: { readonly method: string; readonly offset: number };
  readonly noData: string;
  readonly for: number;
}

/** `a and b for 1m, cleared by c`, `objective 99.9%: burn > 14.4x over 1h and 5m, or > 6x over 6h and 30m` */
export function ruleText(rule: ToldRule): string {
  const { condition, also, clear, objective, baseline, noData } = rule;
  const all = [condition, ...also, ...(clear ?? [])];
  const compares = all.some(({ threshold }) => threshold.kind === 'baseline');
  return [
    objective === null ? allText([condition, ...also]) : objectiveText(objective),
    compares ? methodText(baseline) : '',
    rule.for > 0 ? ` for ${formatDuration(rule.for)}` : '',
    noData === 'alert' ? ', or no data' : '',
    clear === null ? '' : `, cleared by ${allText(clear)}`,
  ].join('');
}

const conditionText = ({ measure, operator, threshold }: ToldCondition): string =>
  threshold.kind === 'fixed'
    ? `${measure} ${operator} ${valueText(measure, threshold.value)}`
    : `${measure} ${operator} ${comparedText(threshold)}`;

const allText = (conditions: readonly ToldCondition[]): string => conditions.map(conditionText).join(' and ');

function objectiveText({ target, sli, rates }: ToldObjective): string {
  const burns = rates.map(
    ({ long, short, factor }) =>
      `> ${valueText('burn_rate', factor)} over ${formatDuration(long)} and ${formatDuration(short)}`,
  );
  const good = sli === null ? '' : ` of ${sli}`;
  return `objective ${inWords(target, 'share')}${good}: burn ${burns.join(', or ')}`;
}
