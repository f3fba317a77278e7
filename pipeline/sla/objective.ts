import type { Node } from 'yaml';
import { formatDuration } from '../model/durations.js';
import { isQuantile, type Measure, measureFrom } from '../model/measures.js';
import type { Severity } from '../model/rule.js';
import { SyntaxProblem } from './diagnostics.js';
import type { Entry, Problems } from './document.js';
import { parseDuration } from './duration.js';
import { given, oneOf, parsed, type Read } from './read.js';
import { severities } from './settings.js';
import { checkEvery, type WindowSettings } from './window-settings.js';

/** `objective`, `burn_rate` and `sli` as they are written. Durations in ms. */
export interface ObjectiveSettings {
  readonly target: number;
  readonly sli: Measure | null;
  readonly rates: readonly RateSettings[];
}

export interface RateSettings {
  readonly long: number;
  readonly short: number;
  readonly factor: number;
  /** Null: the rule's. */
  readonly severity: Severity | null;
}

export const objectiveKeys = ['objective', 'burn_rate', 'sli'];
const rateKeys = ['long', 'short', 'factor', 'severity'];
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** Of the Site Reliability Workbook: 2 % of a month's budget in an hour, 5 % in six, 10 % in three days. */
const usual: readonly RateSettings[] = [
  { long: HOUR, short: 5 * MINUTE, factor: 14.4, severity: 'critical' },
  { long: 6 * HOUR, short: 30 * MINUTE, factor: 6, severity: 'critical' },
  { long: 3 * DAY, short: 6 * HOUR, factor: 1, severity: 'warning' },
];

/** What a rule promises; undefined where it does not say so, or it is wrong. */
export function readObjective(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  { window: pane, every, session }: WindowSettings,
): ObjectiveSettings | undefined {
  const at = entries.get('objective');
  if (!at) {
    refuse(problems, entries, ['burn_rate', 'sli'], 'is of an objective: add objective: 99.9%');
    return undefined;
  }
  const ofConditions = ['when', 'clear', 'baseline', 'every'];
  refuse(problems, entries, ofConditions, 'does not apply: an objective is broken by its burn_rate');
  const read = given(problems, entries);
  if (session !== null || every !== null) {
    const why = 'an objective needs a plain window, of which its burn_rate is put together';
    problems.at(entries.get('window')?.value ?? at.key, why);
    return undefined;
  }
  const target = read('objective', parsed(share));
  const rates = entries.has('burn_rate')
    ? read('burn_rate', ratesOver(pane))
    : checkedUsual(problems, at.key, pane);
  const sli = entries.has('sli') ? read('sli', parsed(goodShare)) : null;
  return target === undefined || rates === undefined || sli === undefined
    ? undefined
    : { target, sli, rates };
}

/** Keys that mean nothing here. */
function refuse(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  keys: readonly string[],
  why: string,
): void {
  for (const key of keys) {
    const entry = entries.get(key);
    if (entry) problems.at(entry.key, `${key} ${why}`);
  }
}

/** `99.9%` or `0.999` */
function share(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
  const value = found?.[2] === '%' ? Number(found[1]) / 100 : Number(found?.[1]);
  if (!(value > 0 && value < 1))
    throw new SyntaxProblem(`"${text}" is no objective: write it like 99.9%, between 0% and 100%`);
  return value;
}

/** `latency < 300ms` */
function goodShare(text: string): Measure {
  const measure = measureFrom(`ratio(${text.trim()})`);
  if (measure === null || isQuantile(measure))
    throw new SyntaxProblem(
      `"${text}" is no indicator: write it like latency < 300ms, with the bound of a bucket`,
    );
  return measure;
}

const ratesOver =
  (pane: number): Read<readonly RateSettings[]> =>
  (problems, node, what) => {
    const items = problems.items(node, what);
    if (items.length === 0) problems.at(node, `${what} is an empty list: give at least one, or leave it out`);
    const rates = items.map((item) => readRate(problems, item, pane));
    return rates.every((rate) => rate !== undefined) ? rates : undefined;
  };

function readRate(problems: Problems, node: Node, pane: number): RateSettings | undefined {
  const entries = problems.entries(node, rateKeys, 'burn_rate');
  if (!entries) return undefined;
  const read = given(problems, entries);
  for (const key of ['long', 'short', 'factor'])
    if (!entries.has(key))
      problems.at(node, `${key} is missing: write it like { long: 1h, short: 5m, factor: 14.4 }`);
  const [long, short] = [read('long', parsed(parseDuration)), read('short', parsed(parseDuration))];
  const factor = read('factor', parsed(times));
  const severity = read('severity', oneOf(severities)) ?? null;
  if (long === undefined || short === undefined || factor === undefined) return undefined;
  if (short >= long)
    problems.at(entries.get('short')?.value, `short must be shorter than long, ${formatDuration(long)}`);
  const rate = { long, short, factor, severity };
  checkLengths(
    problems,
    { long: entries.get('long')?.value ?? node, short: entries.get('short')?.value ?? node },
    rate,
    pane,
  );
  return rate;
}

function times(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new SyntaxProblem(`"${text}" is no factor: write it like 14.4`);
  return value;
}

function checkedUsual(problems: Problems, node: Node, pane: number): readonly RateSettings[] {
  const before = problems.all.length;
  // One problem with the rule's window is enough.
  for (const rate of usual)
    if (problems.all.length === before) checkLengths(problems, { long: node, short: node }, rate, pane);
  return usual;
}

/** Both are put together from windows of the rule. */
function checkLengths(
  problems: Problems,
  nodes: { readonly long: Node; readonly short: Node },
  { long, short }: RateSettings,
  pane: number,
): void {
  if (short < 2 * pane)
    problems.at(
      nodes.short,
      `short must be twice the window or longer: ${formatDuration(short)} is put together from windows of ${formatDuration(pane)}`,
    );
  else {
    checkEvery(problems, nodes.long, { window: long, every: pane, session: null });
    checkEvery(problems, nodes.short, { window: short, every: pane, session: null });
  }
}
