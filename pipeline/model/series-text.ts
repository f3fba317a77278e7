import type { Labels } from './matcher.js';

const unescapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/** Name and labels of a canonical series text; null where it is not one. */
export function parseSeriesText(text: string): { readonly name: string; readonly labels: Labels } | null {
  const open = text.indexOf('{');
  if (open < 0 || !text.endsWith('}')) return null;
  const labels: Record<string, string> = {};
  const label = /([^={},"]+)="((?:[^"\\]|\\[\\"n])*)"(,|\}$)/suy;
  label.lastIndex = open + 1;
  if (text.length === open + 2) return { name: text.slice(0, open), labels };
  for (;;) {
    const found = label.exec(text);
    if (!found) return null;
    const [, name = '', value = '', end] = found;
    labels[name] = value.replace(/\\[\\"n]/g, (pair) => unescapes[pair] ?? pair);
    if (end === '}') return { name: text.slice(0, open), labels };
  }
}
