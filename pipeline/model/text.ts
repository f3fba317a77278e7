import type { Labels } from './matcher.js';

/** Order by UTF-16 code units, as all texts and maps are sorted. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** A label value escaped as in the Prometheus text format. */
export const escapeValue = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (char) => escapes[char] ?? char) : value;

const marks: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text from outside on one line, without what would steer a terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (char) => marks[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Texts of labels that stay as they are, by the object: the same ones come window after window. */
const texts = new WeakMap<Labels, string>();

/** `{a="x",b="y"}`: sorted, empty labels left out, `{}` when there are none. */
export function groupText(labels: Labels): string {
  const known = texts.get(labels);
  if (known !== undefined) return known;
  const text = madeText(labels);
  if (Object.isFrozen(labels)) texts.set(labels, text);
  return text;
}

function madeText(labels: Labels): string {
  let text = '';
  for (const name of sortedNames(labels)) {
    const value = labels[name];
    if (value) text += `${text === '' ? '' : ','}${name}="${escapeValue(value)}"`;
  }
  return `{${text}}`;
}

/** Names in order, which they mostly are already. */
function sortedNames(labels: Labels): readonly string[] {
  const names = Object.keys(labels);
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] ?? '') > (names[i] ?? '')) return names.sort(byCodeUnits);
  }
  return names;
}

/** The group text with the metric's name in front: the key of a series. */
export const seriesText = (name: string, labels: Labels): string => name + groupText(labels);

/** A label set with sorted keys and without empty values. */
export function normalLabels(labels: Labels): Labels {
  const normal: Record<string, string> = {};
  for (const name of sortedNames(labels)) {
    const value = labels[name];
    if (value) normal[name] = value;
  }
  return normal;
}
