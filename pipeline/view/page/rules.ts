import type { AlertRecord } from '../../../schemas/types.js';
import { methodText } from '../../model/alert-text.js';
import { formatDuration } from '../../model/durations.js';
import { comparedText, valueText } from '../../model/format.js';
import { inWords } from '../../model/units.js';
import { byId, el } from './dom.js';
import { ageText } from './format.js';
import { getJson } from './stream.js';

interface Condition {
  readonly measure: string;
  readonly operator: string;
  readonly threshold:
    | { readonly kind: 'fixed'; readonly value: number }
    | { readonly kind: 'baseline'; readonly factor: number; readonly mads: number };
}

interface Objective {
  readonly target: number;
  readonly sli: string | null;
  readonly rates: readonly { readonly long: number; readonly short: number; readonly factor: number }[];
}

export interface RuleStatus {
  readonly name: string;
  readonly alert: string;
  readonly severity: string;
  readonly condition: Condition;
  readonly also: readonly Condition[];
  readonly clear: readonly Condition[] | null;
  readonly objective: Objective | null;
  readonly baseline: { readonly method: string; readonly offset: number; readonly windows: number };
  readonly noData: string;
  readonly for: number;
  readonly window: number;
  readonly by: readonly string[];
  readonly selection: string;
  readonly selects: string;
  readonly file: string;
  readonly line: number;
  readonly revision: string;
  readonly groups: number;
  readonly firing: number;
  readonly pending: number;
}

export const getRules = (signal?: AbortSignal): Promise<readonly RuleStatus[]> =>
  getJson('/api/v1/rules', signal);

/** The one that an alert is of; of an older one that of its name, if there still is one. */
export const ruleOf = (
  rules: readonly RuleStatus[],
  { alert, severity }: Pick<AlertRecord, 'alert' | 'severity'>,
): RuleStatus | undefined => {
  const named = rules.filter((one) => one.alert === alert);
  return named.find((one) => one.severity === severity) ?? named[0];
};

const conditionText = ({ measure, operator, threshold }: Condition): string =>
  threshold.kind === 'fixed'
    ? `${measure} ${operator} ${valueText(measure, threshold.value)}`
    : `${measure} ${operator} ${comparedText(threshold)}`;

const allText = (conditions: readonly Condition[]): string => conditions.map(conditionText).join(' and ');

function objectiveText({ target, sli, rates }: Objective): string {
  const burns = rates.map(
    ({ long, short, factor }) =>
      `> ${valueText('burn_rate', factor)} over ${formatDuration(long)} and ${formatDuration(short)}`,
  );
  const good = sli === null ? '' : ` of ${sli}`;
  return `objective ${inWords(target, 'share')}${good}: burn ${burns.join(', or ')}`;
}

/** All that breaks a rule and ends it: `a and b for 1m 00s, cleared by c`. */
export function ruleText(rule: RuleStatus): string {
  const { condition, also, clear, objective, baseline, noData } = rule;
  const all = [condition, ...also, ...(clear ?? [])];
  const compares = all.some(({ threshold }) => threshold.kind === 'baseline');
  return [
    objective === null ? allText([condition, ...also]) : objectiveText(objective),
    rule.for > 0 ? ` for ${ageText(rule.for)}` : '',
    clear === null ? '' : `, cleared by ${allText(clear)}`,
    compares ? methodText(baseline) : '',
    noData === 'alert' ? ', or no data' : '',
  ].join('');
}

/** What is watched, and how many groups each rule has now: one with none watches nothing. */
export async function showRules(): Promise<void> {
  const head = ['rule', 'severity', 'condition', 'window', 'by', 'groups', 'firing', 'pending', 'where'];
  try {
    const rules = await getRules();
    const rows = rules.map((rule) =>
      el(
        'tr',
        { class: rule.groups === 0 ? 'none' : null },
        ...[
          rule.alert,
          rule.severity,
          ruleText(rule),
          ageText(rule.window),
          rule.by.join(', ') || 'all',
          String(rule.groups),
          String(rule.firing),
          String(rule.pending),
          `${rule.file}:${rule.line}`,
        ].map((text) => el('td', {}, text)),
      ),
    );
    byId('rule-table').replaceChildren(
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rows),
    );
  } catch (error) {
    byId('rule-table').replaceChildren(
      el('caption', {}, error instanceof Error ? error.message : String(error)),
    );
  }
}
