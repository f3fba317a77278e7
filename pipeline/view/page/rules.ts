import { comparedText } from '../../model/format.js';
import { byId, el } from './dom.js';
import { ageText, valueText } from './format.js';
import { getJson } from './stream.js';

export interface RuleStatus {
  readonly alert: string;
  readonly severity: string;
  readonly condition: {
    readonly measure: string;
    readonly operator: string;
    readonly threshold:
      | { readonly kind: 'fixed'; readonly value: number }
      | { readonly kind: 'baseline'; readonly factor: number; readonly mads: number };
  };
  readonly for: number;
  readonly window: number;
  readonly by: readonly string[];
  readonly selection: string;
  readonly selects: string;
  readonly file: string;
  readonly line: number;
  readonly groups: number;
  readonly firing: number;
  readonly pending: number;
}

export const getRules = (): Promise<readonly RuleStatus[]> => getJson('/api/v1/rules');

const conditionText = ({ measure, operator, threshold }: RuleStatus['condition']): string =>
  threshold.kind === 'fixed'
    ? `${measure} ${operator} ${valueText(measure, threshold.value)}`
    : `${measure} ${operator} ${comparedText(threshold)}`;

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
          `${conditionText(rule.condition)}${rule.for > 0 ? ` for ${ageText(rule.for)}` : ''}`,
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
