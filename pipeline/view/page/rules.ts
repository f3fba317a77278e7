import type { AlertRecord } from '../../../schemas/types.js';
import { ruleText, type ToldRule } from '../../model/rule-text.js';
import { byId, el } from './dom.js';
import { ageText } from './format.js';
import { getJson } from './stream.js';

export interface RuleStatus extends ToldRule {
  readonly name: string;
  readonly alert: string;
  readonly severity: string;
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
