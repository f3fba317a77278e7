import { formatMeasure } from '../pipeline/model/format.js';
import { isMeasure } from '../pipeline/model/measures.js';
import { printable } from '../pipeline/model/text.js';
import { short } from '../pipeline/model/units.js';
import type { Explanation } from '../pipeline/view/explain.js';
import type { AlertRecord } from '../schemas/types.js';
import { formatAlert } from './terminal.js';

const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const text = (measure: string, value: number | null): string =>
  isMeasure(measure) ? formatMeasure(measure, value) : String(value);

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
  const { measure, value, operator, threshold, windowStart, windowEnd } = alert;
  const of = [`Window: ${time(windowStart)} to ${time(windowEnd)}`];
  const inputs =
    window === null
      ? []
      : [
          `requests ${short(window.requests)}, sum ${short(window.latencySum)}, errors ${short(window.errors)}, ${window.samples} samples`,
        ];
  const against = threshold === null ? '' : ` ${operator} ${text(measure, threshold)}`;
  return [...of, ...indented([...inputs, `${measure} ${text(measure, value)}${against}`]), ''];
}

function baseline({ alert, recomputed }: Explanation): readonly string[] {
  const { measure, threshold } = alert;
  if (alert.baseline === null) return [];
  const { value, windows, frozenAt } = alert.baseline;
  const held = frozenAt === null || frozenAt === alert.windowEnd ? '' : `, held since ${time(frozenAt)}`;
  const factor =
    threshold === null || value === 0
      ? ''
      : `: ${short(threshold / value)} x ${text(measure, value)} = ${text(measure, threshold)}`;
  const each = (recomputed?.lookedAt ?? []).map(({ start, value: one, requests, counted }) => {
    const why = counted ? '' : ', not counted: the rule was active after it';
    return `${time(start)} ${text(measure, one)} n=${short(requests)}${why}`;
  });
  return [`Baseline of ${windows} windows${held}${factor}`, ...indented(each), ''];
}

function verdict({ recomputed, unknown }: Explanation): string {
  if (recomputed === null) return `Not made again: ${unknown}.`;
  if (recomputed.differs.length === 0)
    return 'Made again from the windows in the log, it comes out the same.';
  return `Made again from the windows in the log, it comes out OTHERWISE: ${recomputed.differs.join('; ')}.`;
}

const labelsOf = ({ labels }: AlertRecord): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(printable(value))}`)
    .join(' ');

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
