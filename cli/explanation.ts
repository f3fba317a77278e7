import {
  arithmeticText,
  furtherConditions,
  methodText,
  ratesOf,
  rateText,
  resultText,
} from '../pipeline/model/alert-text.js';
import { valueText } from '../pipeline/model/format.js';
import { printable } from '../pipeline/model/text.js';
import { short } from '../pipeline/model/units.js';
import type { Explanation } from '../pipeline/view/explain.js';
import type { AlertRecord } from '../schemas/types.js';
import { formatAlert } from './terminal.js';

const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** An explanation for people, line by line. */
export function formatExplanation(
  explanation: Explanation,
  options: { readonly color?: boolean } = {},
): readonly string[] {
  const { alert, rule, transitions } = explanation;
  return [
    formatAlert(alert, options),
    ...indented([`id ${alert.id}`, `labels ${labelsOf(alert)}`]),
    '',
    `Rule: ${alert.rule.file}:${alert.rule.line}, revision ${alert.rule.revision}`,
    ...indented(rule === null ? ['its text is not known any more'] : rule.split('\n').map(printable)),
    '',
    ...decision(explanation),
    ...baseline(explanation),
    'Transitions:',
    ...indented(
      transitions.map((one) => `${time(one.windowEnd)} ${formatAlert(one, options).replace(/^\S+ /, '')}`),
    ),
    '',
    verdict(explanation),
  ];
}

/** Whether the decision was made again, and came out another. */
export const isOther = ({ recomputed }: Explanation): boolean => (recomputed?.differs.length ?? 0) > 0;

function decision({ alert, window }: Explanation): readonly string[] {
  const { windowStart, windowEnd } = alert;
  const of = [`Window: ${time(windowStart)} to ${time(windowEnd)}`];
  const inputs =
    window === null
      ? []
      : [
          `requests ${short(window.requests)}, sum ${short(window.latencySum)}, errors ${short(window.errors)}, ${window.samples} samples`,
        ];
  return [...of, ...indented([...inputs, ...conditions(alert)]), ''];
}

/** Each with its value and threshold; of an objective, of each rate the long window and the short one. */
function conditions(alert: AlertRecord): readonly string[] {
  const rates = ratesOf(alert);
  if (rates.length > 0) return rates.map((rate) => `burn ${rateText(rate)}`);
  return [alert, ...furtherConditions(alert)].map((one) => `${one.measure} ${resultText(one)}`);
}

function baseline({ alert, recomputed, compares }: Explanation): readonly string[] {
  const measure = compares?.measure ?? alert.measure;
  const told = alert.baseline ?? againOf(recomputed);
  if (told === null) return [];
  const { value, windows, frozenAt } = told;
  const held = frozenAt === null || frozenAt === alert.windowEnd ? '' : `, held since ${time(frozenAt)}`;
  const each = (recomputed?.lookedAt ?? []).map(({ start, value: one, requests, counted }) => {
    const why = counted ? '' : ', not counted: the rule was active after it';
    return `${time(start)} ${valueText(measure, one)} n=${short(requests)}${why}`;
  });
  const method = compares === null ? '' : methodText(compares);
  const head = `Baseline of ${windows} windows${method}${held}${arithmetic(compares, value)}`;
  return [head, ...indented(each), ''];
}

/** Where the record is of a condition that compares with none, and another does. */
const againOf = (again: Explanation['recomputed']): AlertRecord['baseline'] =>
  again === null || again.baseline === null || again.windows === null
    ? null
    : { value: again.baseline, windows: again.windows, frozenAt: null };

function arithmetic(compares: Explanation['compares'], baseline: number): string {
  if (compares === null || compares.threshold === null) return '';
  return `: ${arithmeticText(compares, compares.measure, { baseline, threshold: compares.threshold })}`;
}

function verdict({ recomputed, unknown }: Explanation): string {
  if (recomputed === null) return `Not made again: ${unknown}.`;
  const { differs, partly } = recomputed;
  const from =
    partly === null
      ? 'Made again from the windows in the log'
      : `Made again from the numbers of the record (${partly})`;
  return differs.length === 0
    ? `${from}, it comes out the same.`
    : `${from}, it comes out OTHERWISE: ${differs.join('; ')}.`;
}

const labelsOf = ({ labels }: AlertRecord): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(printable(value))}`)
    .join(' ');

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
