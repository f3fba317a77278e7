import type { AlertRecord } from '../../schemas/types.js';
import { compileMatchers, type Matcher } from '../model/matcher.js';
import { parseDuration } from '../sla/duration.js';
import { parseSelector, type Selector } from '../sla/selector.js';
import { costOf } from './regex-cost.js';

/** What was asked for cannot be understood; the message says why, and the way out. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery';
}

export type Query = Readonly<Record<string, string | undefined>>;

/** `1h` ago, or an ISO time, in ms since the epoch; `otherwise` where nothing is given. */
export function timeOf(query: Query, name: string, now: number, otherwise: number): number {
  const text = query[name];
  if (text === undefined) return otherwise;
  try {
    return now - parseDuration(text);
  } catch {
    const time = Date.parse(text);
    if (!Number.isNaN(time)) return time;
    throw new BadQuery(`${name} is "${text}": give a duration like 1h, or a time like 2026-01-31T12:00:00Z`);
  }
}

/** A whole number from 1 on, cut at the greatest. */
export function limitOf(query: Query, usual: number, most: number): number {
  const text = query.limit;
  if (text === undefined) return usual;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new BadQuery(`limit is "${text}": give a whole number from 1 on`);
  return Math.min(most, Number(text));
}

export const states = ['inactive', 'pending', 'firing', 'resolved'];
export const severities = ['critical', 'warning', 'info'];

/** Whether an alert is asked for: by `match` (a selector over its labels), `state` and `severity` (a,b). */
export function alertFilter(query: Query): (record: AlertRecord) => boolean {
  const state = wordsOf(query, 'state', states);
  const severity = wordsOf(query, 'severity', severities);
  const labels = labelFilter(query);
  return (record) =>
    (state === null || state.has(record.state)) &&
    (severity === null || severity.has(record.severity)) &&
    labels(record.labels);
}

export const labelFilter = ({ match }: Query): ((labels: Readonly<Record<string, string>>) => boolean) =>
  match === undefined || match === '' ? () => true : compileMatchers(matchersOf(match));

/** What `match` says: a selector over labels, as in a rule, with a name before it for `alertname`. */
export function matchersOf(match: string): readonly Matcher[] {
  const { metric, matchers } = selectorOf(match);
  for (const { operator, value } of matchers) {
    const costly = operator === '=~' || operator === '!~' ? costOf(value) : null;
    if (costly !== null) throw new BadQuery(`match: "${value}" ${costly}`);
  }
  const named = metric === null ? [] : [{ label: 'alertname', operator: '=' as const, value: metric }];
  return [...named, ...matchers];
}

function selectorOf(match: string): Selector {
  try {
    return parseSelector(match);
  } catch (error) {
    throw new BadQuery(`match: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function wordsOf(query: Query, name: string, known: readonly string[]): ReadonlySet<string> | null {
  const text = query[name];
  if (text === undefined || text === '') return null;
  const words = text.split(',');
  const odd = words.find((word) => !known.includes(word));
  if (odd !== undefined) throw new BadQuery(`${name} is "${odd}": there are ${known.join(', ')}`);
  return new Set(words);
}
