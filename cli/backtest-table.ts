import type { Change } from '../pipeline/backtest/changes.js';
import type { Gap } from '../pipeline/backtest/coverage.js';
import type { Episode } from '../pipeline/backtest/episodes.js';
import { formatMeasure } from '../pipeline/model/format.js';
import type { Measure } from '../pipeline/model/measures.js';
import { printable } from '../pipeline/model/text.js';
import { utc } from '../pipeline/report/text.js';
import { type Column, table } from './table.js';
import { duration, groupValues } from './terminal.js';

const until = ({ until }: Episode): string => (until === null ? 'still fires' : utc(until));

/** How long it fired; up to the last time that is known, where it still fires. */
const lasted = ({ from, until }: Episode, end: number): number => Math.max(0, (until ?? end) - from);

export function peakOf({ measure, operator, peak, threshold }: Episode): string {
  const value = peak === null ? 'no data' : formatMeasure(measure as Measure, peak);
  return threshold === null ? value : `${value} ${operator} ${formatMeasure(measure as Measure, threshold)}`;
}

const name = (text: string): string => printable(text);
const group = ({ group }: Episode): string => groupValues(group).join(' ') || '{}';

const alertColumns: readonly Column[] = [
  { title: 'RULE' },
  { title: 'GROUP' },
  { title: 'SEVERITY' },
  { title: 'FROM' },
  { title: 'UNTIL' },
  { title: 'FOR', right: true },
  { title: 'PEAK' },
];

/** Alerts that fired, and what that comes to by rule; `end`: the last time that was read, ms. */
export function alertTable(episodes: readonly Episode[], rules: readonly string[], end: number): string[] {
  const rows = episodes.map((one) => [
    ...[name(one.rule), group(one), one.severity, utc(one.from), until(one)],
    ...[duration(lasted(one, end)), peakOf(one)],
  ]);
  const totals = rules.map((rule) => {
    const own = episodes.filter((one) => one.rule === rule);
    const times = own.map((one) => lasted(one, end));
    const groups = new Set(own.map(group)).size;
    const sum = times.reduce((a, b) => a + b, 0);
    const longest = times.reduce((a, b) => Math.max(a, b), 0);
    return [name(rule), String(own.length), String(groups), duration(sum), duration(longest)];
  });
  const alerts = rows.length === 0 ? ['No alert fired.'] : table(alertColumns, rows);
  return [...alerts, '', ...table(totalColumns, totals)];
}

const totalColumns: readonly Column[] = [
  { title: 'RULE' },
  ...['ALERTS', 'GROUPS', 'FOR', 'LONGEST'].map((title) => ({ title, right: true as const })),
];

/** What other rules make of the alerts. */
export function changeTable(changes: readonly Change[], end: number): string[] {
  if (changes.length === 0) return ['No alert changes.'];
  const span = (one: Episode | null): readonly string[] =>
    one === null ? ['', '', ''] : [utc(one.from), until(one), duration(lasted(one, end))];
  const rows = changes.map(({ change, old, new: other }) => {
    const one = (other ?? old) as Episode;
    const severity = old && other && old.severity !== other.severity ? `${old.severity} -> ` : '';
    return [
      ...[change, name(one.rule), group(one), `${severity}${one.severity}`],
      ...span(old),
      ...span(other),
    ];
  });
  const titles = ['', 'RULE', 'GROUP', 'SEVERITY', 'OLD FROM', 'UNTIL', 'FOR', 'NEW FROM', 'UNTIL', 'FOR'];
  const columns = titles.map((title) => (title === 'FOR' ? { title, right: true as const } : { title }));
  const counts = (['comes', 'goes', 'changes'] as const).map(
    (kind) => changes.filter(({ change }) => change === kind).length,
  );
  const [come = 0, go = 0, differ = 0] = counts;
  return [...table(columns, rows), '', `${come} come, ${go} go, ${differ} change.`];
}

/** One change as an object, its ids those of the transitions to `firing`. */
export const changeLine = ({ change, old, new: other }: Change): string =>
  JSON.stringify({ change, old, new: other });

/** What of the time that was asked for no window with data covers. */
export const gapLine = ({ from, to }: Gap): string =>
  `no data from ${utc(from)} to ${utc(to)} (${duration(to - from)}): nothing was judged there`;
