import type { Broken } from './conditions.js';

/** A text as our rules take it, with what had to be changed. */
export interface Converted<T> {
  readonly value: T;
  readonly notes: readonly string[];
}

const placeholder = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const labelRef = /^(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)$/;
const valueRef = /^(?:\$value|\.Value)$/;

/** An annotation's template; null where it uses what there is not. */
export function templateOf(
  text: string,
  { unit, by }: { unit: Broken['unit']; by: readonly string[] },
): Converted<string | null> {
  const notes: string[] = [];
  const missing: string[] = [];
  let isLost = false;
  const value = text.replace(placeholder, (_, inner: string) => {
    const found = referenceIn(inner);
    if (found === null) {
      isLost = true;
      notes.push(`the template {{ ${inner} }} has no counterpart`);
      return '';
    }
    if (found.dropped !== '') notes.push(`${found.dropped} is left out: values are printed with their unit`);
    if (found.label === null) return '{{ $value }}';
    if (!by.includes(found.label)) missing.push(found.label);
    return `{{ $labels.${found.label} }}`;
  });
  if (missing.length > 0) notes.push(`no group has the label ${[...new Set(missing)].join(', ')}`);
  if (isLost || value.replace(/\{\{ \$.*? \}\}/g, '').includes('{{')) return { value: null, notes };
  return { value: withoutUnit(value, unit).trim(), notes };
}

/** The label or, with null, the value that a template prints; what is done to it is left out. */
function referenceIn(inner: string): { readonly label: string | null; readonly dropped: string } | null {
  const printed = /^printf\s+(?:"[^"]*"|`[^`]*`)\s+(\S+)$/.exec(inner)?.[1];
  const [first = '', ...functions] = (printed ?? inner).split(/\s*\|\s*/);
  const [called, of] = /^(\w+)\s+(\S+)$/.exec(first)?.slice(1) ?? [];
  const reference = of ?? first;
  const label = labelRef.exec(reference)?.[1];
  if (label === undefined && !valueRef.test(reference)) return null;
  const dropped = [
    ...(printed ? ['printf'] : []),
    ...(called ? [called] : []),
    ...functions.map((one) => one.split(/\s/)[0]),
  ];
  return { label: label ?? null, dropped: dropped.join(', ') };
}

/** A value comes with its unit here. */
function withoutUnit(text: string, unit: Broken['unit']): string {
  if (unit === 'ratio' || unit === 'share') return text.replaceAll(/(\{\{ \$value \}\})\s?%/g, '$1');
  if (unit === 's') return text.replaceAll(/(\{\{ \$value \}\})\s?(?:s|ms|seconds)\b/g, '$1');
  return text;
}

/** Labels that templates name. */
export const labelsIn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) =>
    [...text.matchAll(/(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)/g)].map(([, name = '']) => name),
  );

/** An alert's name in CamelCase, another one than those before. */
export function nameFor(name: string, severity: string, taken: ReadonlySet<string>): Converted<string> {
  const camel = name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
    .replace(/^[^A-Z]+/, '');
  const base = camel === '' ? 'Alert' : camel;
  const candidates = [base, base + severity.charAt(0).toUpperCase() + severity.slice(1)];
  let value = candidates.find((one) => !taken.has(one));
  for (let n = 2; value === undefined; n++) value = taken.has(`${base}${n}`) ? undefined : `${base}${n}`;
  return {
    value,
    notes: value === name ? [] : [`it is called ${value}: names are in CamelCase, and there once`],
  };
}

const severities = ['critical', 'warning', 'info'];
const alike: Readonly<Record<string, string>> = {
  page: 'critical',
  error: 'critical',
  high: 'critical',
  warn: 'warning',
  notice: 'info',
  none: 'info',
};

export function severityFor(told: string | undefined): Converted<string> {
  if (told === undefined || severities.includes(told)) return { value: told ?? 'warning', notes: [] };
  const value = alike[told.toLowerCase()] ?? 'warning';
  return { value, notes: [`severity ${told} is taken as ${value}: there are critical, warning and info`] };
}
