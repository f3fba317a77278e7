import type { Expand } from '../model/alert-record.js';
import { formatMeasure } from '../model/format.js';
import { SyntaxProblem } from './diagnostics.js';

const placeholder = /\{\{\s*(.*?)\s*\}\}/gsu;
const variable = /^\$(?:value|labels\.([a-zA-Z_][a-zA-Z0-9_]*))$/;

/** Throws `SyntaxProblem` where a template names what there is not. */
export function checkTemplate(template: string): void {
  for (const [, inner = ''] of template.matchAll(placeholder)) {
    if (!variable.test(inner)) {
      throw new SyntaxProblem(
        `unknown template {{ ${inner} }}: there are {{ $value }} and {{ $labels.NAME }}`,
      );
    }
  }
  if (template.replace(placeholder, '').includes('{{'))
    throw new SyntaxProblem('a template is not closed: {{ needs }}');
}

/** The labels that a template names. */
export const labelsIn = (template: string): readonly string[] =>
  [...template.matchAll(placeholder)].flatMap(([, inner = '']) => variable.exec(inner)?.[1] ?? []);

/** Fills `{{ $value }}`, printed as the terminal does, and `{{ $labels.NAME }}`; absent labels are empty. */
export const expandTemplate: Expand = (template, rule, labels, value) =>
  template.replace(placeholder, (whole, inner: string) => {
    const found = variable.exec(inner);
    if (!found) return whole;
    if (found[1] === undefined) return formatMeasure(rule.condition.measure, value);
    return Object.hasOwn(labels, found[1]) ? (labels[found[1]] ?? '') : '';
  });
