import type { Labels } from './matcher.js';

/** Order by UTF-16 code units, as all texts and maps are sorted. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** A label value escaped as in the Prometheus text format. */
export const escapeValue = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (char) => escapes[char] ?? char) : value;

/** `{a="x",b="y"}`: sorted, empty labels left out, `{}` when there are none. */
export function groupText(labels: Labels): string {
  const parts: string[] = [];
  for (const name of Object.keys(labels).sort(byCodeUnits)) {
    const value = labels[name];
    if (value) parts.push(`${name}="${escapeValue(value)}"`);
  }
  return `{${parts.join(',')}}`;
}

/** The group text with the metric's name in front: the key of a series. */
export const seriesText = (name: string, labels: Labels): string => name + groupText(labels);

/** A label set with sorted keys and without empty values. */
export function normalLabels(labels: Labels): Labels {
  const normal: Record<string, string> = {};
  for (const name of Object.keys(labels).sort(byCodeUnits)) {
    const value = labels[name];
    if (value) normal[name] = value;
  }
  return normal;
}
