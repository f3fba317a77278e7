import type { Node } from 'yaml';
import { formatMeasure } from '../../pipeline/model/format.js';
import type { Rule, RuleSet } from '../../pipeline/model/rule.js';
import { parseCondition } from '../../pipeline/sla/condition.js';
import { nearest, SyntaxProblem } from '../../pipeline/sla/diagnostics.js';
import type { Problems } from '../../pipeline/sla/document.js';
import { parseDuration } from '../../pipeline/sla/duration.js';
import { given, oneOf, parsed, type Read } from '../../pipeline/sla/read.js';
import type { Expectation, ExpectedAlert } from './rule-test.js';

const alertKeys = ['alert', 'labels', 'state', 'value', 'annotations'];
const annotationKeys = ['summary', 'description', 'runbook_url'];

/** What is expected of the alerts of these rules. */
export const expectations =
  (rules: readonly RuleSet[]): Read<readonly Expectation[]> =>
  (problems, node, what) =>
    problems.items(node, what).flatMap((item) => readExpectation(problems, item, rules) ?? []);

function readExpectation(problems: Problems, node: Node, rules: readonly RuleSet[]): Expectation | null {
  const entries = problems.entries(node, ['at', 'alerts'], 'an expectation');
  if (!entries) return null;
  const read = given(problems, entries);
  if (!entries.has('at')) problems.at(node, 'at is missing: say when, like 2m after the first scrape');
  if (!entries.has('alerts')) problems.at(node, 'alerts is missing: [] says that nothing fires');
  const at = read('at', parsed(parseDuration));
  const alerts = read('alerts', (_, list, what) =>
    problems.items(list, what).flatMap((item) => readAlert(problems, item, rules) ?? []),
  );
  if (at === undefined || alerts === undefined) return null;
  return { at, alerts, place: problems.placeOf(node) };
}

function readAlert(problems: Problems, node: Node, rules: readonly RuleSet[]): ExpectedAlert | null {
  const entries = problems.entries(node, alertKeys, 'an alert');
  if (!entries) return null;
  const read = given(problems, entries);
  if (!entries.has('alert')) problems.at(node, 'alert is missing: name the rule');
  const rule = read('alert', ruleNamed(rules.flatMap((set) => set.rules)));
  if (!rule) return null;
  const known = new Set([...rule.selection.by, ...Object.keys(rule.labels), 'alertname', 'severity']);
  const labels = read('labels', (_, at, what) => problems.labels(at, what, [])) ?? {};
  for (const [name, { key }] of problems.parts(entries.get('labels')?.value ?? null))
    if (!known.has(name)) problems.at(key, `${rule.alert} has no label ${name}${nearest(name, [...known])}`);
  return {
    alert: rule.alert,
    labels,
    state: read('state', oneOf(['pending', 'firing'] as const)) ?? 'firing',
    value: read('value', parsed(printedAs(rule))) ?? null,
    annotations: read('annotations', annotations) ?? {},
    place: problems.placeOf(node),
  };
}

const ruleNamed =
  (rules: readonly Rule[]): Read<Rule> =>
  (problems, node, what) => {
    const name = problems.text(node, what);
    const rule = rules.find(({ alert }) => alert === name);
    const names = rules.map(({ alert }) => alert);
    if (name !== undefined && !rule) problems.at(node, `there is no rule "${name}"${nearest(name, names)}`);
    return rule;
  };

/** As alerts print it, to three digits: two values that are printed alike are taken for the same. */
const printedAs =
  ({ condition: { measure }, objective }: Rule) =>
  (text: string): string => {
    if (objective !== null) return burnAs(text);
    const { threshold } = parseCondition(`${measure} == ${text}`);
    return formatMeasure(measure, threshold.kind === 'fixed' ? threshold.value : null);
  };

/** How many times as fast as it may the budget burns, `14.4x`. */
function burnAs(text: string): string {
  const [, times] = /^(\d+(?:\.\d+)?)x?$/.exec(text) ?? [];
  if (times === undefined) throw new SyntaxProblem(`"${text}" is no burn rate: write it like 14.4x`);
  return formatMeasure('burn_rate', Number(times));
}

const annotations: Read<Readonly<Record<string, string>>> = (problems, node, what) => {
  const texts = [...(problems.entries(node, annotationKeys, what) ?? [])].flatMap(([name, { value }]) => {
    const text = problems.text(value, name);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(texts);
};
