import { isDeepStrictEqual } from 'node:util';
import type { Labels } from './matcher.js';
import { normalLabels } from './text.js';

/** What a series is called, and its labels. */
export interface SeriesIdentity {
  readonly name: string;
  readonly labels: Labels;
}

const unescapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/** Name and labels of a canonical series text; null where it is not one. */
export function parseSeriesText(text: string): SeriesIdentity | null {
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

/**
 * Whether a key says name and labels. The series text of a label whose own name has signs of the text
 * in it cannot be read, or reads as other labels.
 */
export function readsAs(key: string, { name, labels }: SeriesIdentity): boolean {
  const read = parseSeriesText(key);
  return read?.name === name && isDeepStrictEqual(read.labels, normalLabels(labels));
}
