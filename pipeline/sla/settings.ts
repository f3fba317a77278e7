import type { Matcher } from '../model/matcher.js';
import { type Measure, measureFrom } from '../model/measures.js';
import {
  type AbsencePolicy,
  absencePolicies,
  type BaselineSettings,
  baselineMethods,
  type Severity,
} from '../model/rule.js';
import { unknownMeasure } from './condition.js';
import type { Entry, Problems } from './document.js';
import { parseDuration } from './duration.js';
import { labelProblem } from './label-name.js';
import { count, flag, given, oneOf, parsed, type Read, words } from './read.js';
import { parseSelector } from './selector.js';
import { readWindow, type WindowSettings } from './window-settings.js';

/** What a rule takes where it says nothing. Durations in ms. */
export interface Settings {
  readonly errors: readonly Matcher[];
  readonly by: readonly string[];
  readonly window: WindowSettings;
  readonly grace: number;
  /** `minWindows` null: half of `windows`, rounded up. */
  readonly baseline: Omit<BaselineSettings, 'minWindows'> & { readonly minWindows: number | null };
  readonly context: readonly Measure[];
  readonly minRequests: number;
  readonly for: number;
  readonly keepFiringFor: number;
  readonly noData: AbsencePolicy;
  readonly noDataFor: number;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
}

export const initial: Settings = {
  errors: [{ label: 'status', operator: '=~', value: '5..' }],
  by: ['service', 'method', 'route'],
  window: { window: 30_000, every: null, session: null },
  grace: 0,
  baseline: { method: 'mean', offset: 0, windows: 10, minWindows: null, freeze: true, maxAge: 3_600_000 },
  context: [],
  minRequests: 0,
  for: 0,
  keepFiringFor: 0,
  noData: 'keep',
  noDataFor: 900_000,
  severity: 'warning',
  labels: {},
};

/** The keys of `defaults`, which every rule may set for itself. */
export const settingKeys = [
  'errors',
  'by',
  'window',
  'every',
  'grace',
  'baseline',
  'context',
  'min_requests',
  'for',
  'keep_firing_for',
  'no_data',
  'no_data_for',
  'severity',
  'labels',
];
const baselineKeys = ['method', 'offset', 'windows', 'min_windows', 'freeze', 'max_age'];
export const severities = ['critical', 'warning', 'info'] as const;

const duration = parsed(parseDuration);

/** The settings that rules and defaults share, over those given. */
export function readSettings(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  base: Settings,
): Settings {
  const read = given(problems, entries);
  return {
    errors: read('errors', errorMatchers) ?? base.errors,
    by: read('by', words(labelProblem)) ?? base.by,
    window: readWindow(problems, entries, base.window),
    grace: read('grace', duration) ?? base.grace,
    baseline: read('baseline', baselineOver(base.baseline)) ?? base.baseline,
    context: read('context', measureList) ?? base.context,
    minRequests: read('min_requests', count(0)) ?? base.minRequests,
    for: read('for', duration) ?? base.for,
    keepFiringFor: read('keep_firing_for', duration) ?? base.keepFiringFor,
    noData: read('no_data', oneOf(absencePolicies)) ?? base.noData,
    noDataFor: read('no_data_for', duration) ?? base.noDataFor,
    severity: read('severity', oneOf(severities)) ?? base.severity,
    labels: { ...base.labels, ...read('labels', ownLabels) },
  };
}

const errorMatchers: Read<readonly Matcher[]> = (problems, node, what) => {
  const selector = parsed(parseSelector)(problems, node, what);
  if (selector?.metric) problems.at(node, `${what} takes matchers alone, without a metric name`);
  return selector?.matchers;
};

const ownLabels: Read<Readonly<Record<string, string>>> = (problems, node, what) =>
  problems.labels(node, what, ['alertname', 'severity']);

const baselineOver =
  (base: Settings['baseline']): Read<Settings['baseline']> =>
  (problems, node, what) => {
    const entries = problems.entries(node, baselineKeys, what) ?? new Map<string, Entry>();
    const read = given(problems, entries);
    const windows = read('windows', count(1)) ?? base.windows;
    const minWindows = read('min_windows', count(1)) ?? base.minWindows;
    if ((entries.has('windows') || entries.has('min_windows')) && (minWindows ?? 0) > windows) {
      const place = entries.get('min_windows')?.value ?? node;
      problems.at(place, `min_windows is ${minWindows}, but there are only ${windows} windows`);
    }
    return {
      method: read('method', oneOf(baselineMethods)) ?? base.method,
      offset: read('offset', duration) ?? base.offset,
      windows,
      minWindows,
      freeze: read('freeze', flag) ?? base.freeze,
      maxAge: read('max_age', duration) ?? base.maxAge,
    };
  };

const measureProblem = (word: string): string | null =>
  measureFrom(word) === null ? unknownMeasure(word) : null;

const measureList: Read<readonly Measure[]> = (problems, node, what) =>
  words(measureProblem)(problems, node, what)?.flatMap((word) => measureFrom(word) ?? []);
