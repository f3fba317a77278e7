import { createHash } from 'node:crypto';
import type { Node } from 'yaml';
import {
  type BaselineSettings,
  type Measure,
  measures,
  type Rule,
  type RuleSet,
  type Severity,
} from '../model/rule.js';
import { type Selection, selectionOf } from '../model/selection.js';
import { byCodeUnits } from '../model/text.js';
import { parseCondition } from './condition.js';
import { type Diagnostic, formatDiagnostic, nearest } from './diagnostics.js';
import { type Entry, Problems } from './document.js';
import { parseDuration } from './duration.js';
import { parseSelector } from './selector.js';
import { checkTemplate } from './templates.js';

export interface RuleFile {
  /** Path as configured. */
  readonly file: string;
  readonly text: string;
}

export type Compiled = { readonly rules: RuleSet } | { readonly problems: readonly Diagnostic[] };

const METRIC = 'http_request_duration_seconds';
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const severities = ['critical', 'warning', 'info'] as const;
const annotationKeys = ['summary', 'description', 'runbook_url'];

const shared = [
  'errors',
  'by',
  'window',
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
const ruleKeys = ['alert', 'match', 'when', 'annotations', ...shared];
const baselineKeys = ['windows', 'min_windows', 'freeze', 'max_age'];

/** What a rule takes where it says nothing. */
interface Settings {
  errors: Selection['errors'];
  by: readonly string[];
  window: number;
  grace: number;
  windows: number;
  minWindows: number | null;
  freeze: boolean;
  maxAge: number;
  context: readonly Measure[];
  minRequests: number;
  for: number;
  keepFiringFor: number;
  noDataFor: number;
  severity: Severity;
  labels: Readonly<Record<string, string>>;
}

const initial: Settings = {
  errors: [{ label: 'status', operator: '=~', value: '5..' }],
  by: ['service', 'method', 'route'],
  window: 30_000,
  grace: 0,
  windows: 10,
  minWindows: null,
  freeze: true,
  maxAge: 3_600_000,
  context: [],
  minRequests: 0,
  for: 0,
  keepFiringFor: 0,
  noDataFor: 900_000,
  severity: 'warning',
  labels: {},
};

/** Compiles `sla.yaml`; every problem is found in one go. */
export function compileRules({ file, text }: RuleFile): Compiled {
  const problems = new Problems(file);
  const root = problems.parse(text);
  if (problems.all.length > 0) return { problems: problems.all };
  const top = problems.entries(root, ['version', 'defaults', 'slas'], 'the file');
  const version = top.get('version');
  if (!version) problems.at(root, 'version is missing: begin the file with version: 1');
  else if (problems.text(version.value, 'version') !== '1') problems.at(version.value, 'version must be 1');
  const defaults = top.get('defaults');
  const base = defaults
    ? settings(problems, problems.entries(defaults.value, shared, 'defaults'), initial)
    : initial;
  const slas = top.get('slas');
  if (!slas) problems.at(root, 'slas is missing: list at least one rule under it');
  const nodes = slas ? problems.items(slas.value, 'slas') : [];
  const rules = nodes.flatMap((node) => compileRule(problems, node, { base, file }) ?? []);
  reportTwins(problems, rules);
  if (problems.all.length > 0) {
    return { problems: problems.all.sort((a, b) => a.line - b.line || a.column - b.column) };
  }
  return {
    rules: ruleSet(
      { file, text },
      rules.map(({ rule }) => rule),
    ),
  };
}

/** As `compileRules`, for a file that was valid before; throws where it no longer is. */
export function recompile(file: string, text: string): RuleSet {
  const compiled = compileRules({ file, text });
  if ('rules' in compiled) return compiled.rules;
  throw new RangeError(`the rules no longer compile: ${compiled.problems.map(formatDiagnostic).join('; ')}`);
}

function ruleSet({ file, text }: RuleFile, rules: readonly Rule[]): RuleSet {
  const revision = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const selections = new Map(rules.map(({ selection }) => [selection.id, selection]));
  return {
    file,
    text,
    revision,
    rules: [...rules].sort((a, b) => byCodeUnits(a.alert, b.alert)),
    selections: [...selections.values()].sort((a, b) => byCodeUnits(a.id, b.id)),
  };
}

interface Placed {
  readonly rule: Rule;
  readonly node: Node;
}

function reportTwins(problems: Problems, rules: readonly Placed[]): void {
  const first = new Map<string, Rule>();
  for (const { rule, node } of rules) {
    const twin = first.get(rule.alert);
    if (twin) problems.at(node, `alert "${rule.alert}" stands twice: the first is in line ${twin.line}`);
    else first.set(rule.alert, rule);
  }
}

function compileRule(
  problems: Problems,
  node: Node,
  { base, file }: { base: Settings; file: string },
): Placed | null {
  const entries = problems.entries(node, ruleKeys, 'a rule');
  const own = settings(problems, entries, base);
  const alert = entries.get('alert');
  const name = alert ? problems.text(alert.value, 'alert') : undefined;
  if (!alert) problems.at(node, 'alert is missing: give the rule a name');
  else if (name !== undefined && !/^[A-Z][A-Za-z0-9]*$/.test(name)) {
    problems.at(alert.value, `alert "${name}" must be written in CamelCase, like CheckoutSlow`);
  }
  const when = entries.get('when');
  if (!when) problems.at(node, 'when is missing: say when the rule is broken, like mean_latency > 300ms');
  const condition = when && read(problems, when, 'when', parseCondition);
  const match = entries.get('match');
  const selector = match && read(problems, match, 'match', parseSelector);
  const annotations = entries.has('annotations')
    ? annotationsOf(problems, entries.get('annotations') as Entry)
    : {};
  if (!alert || name === undefined || !condition) return null;
  const selection = selectionOf({
    metric: selector?.metric ?? METRIC,
    match: selector?.matchers ?? [],
    errors: own.errors,
    by: own.by,
    window: own.window,
    grace: own.grace,
  });
  const { context, minRequests, keepFiringFor, noDataFor, severity, labels } = own;
  const rest = {
    context,
    minRequests,
    for: own.for,
    keepFiringFor,
    noDataFor,
    severity,
    labels,
    annotations,
  };
  const line = problems.line(alert.key);
  return {
    node: alert.value,
    rule: { alert: name, selection, condition, baseline: baselineOf(own), ...rest, file, line },
  };
}

function baselineOf({ windows, minWindows, freeze, maxAge }: Settings): BaselineSettings {
  return { windows, minWindows: minWindows ?? Math.ceil(windows / 2), freeze, maxAge };
}

function annotationsOf(problems: Problems, { value }: Entry): Record<string, string> {
  const texts = problems.texts(value, 'annotations');
  for (const [name, { text, node }] of Object.entries(texts)) {
    if (!annotationKeys.includes(name))
      problems.at(node, `unknown key "${name}"${nearest(name, annotationKeys)}`);
    problems.attempt(node, () => checkTemplate(text));
  }
  return Object.fromEntries(Object.entries(texts).map(([name, { text }]) => [name, text]));
}

function read<T>(
  problems: Problems,
  { value }: Entry,
  what: string,
  parse: (text: string) => T,
): T | undefined {
  const text = problems.text(value, what);
  return text === undefined ? undefined : problems.attempt(value, () => parse(text));
}

/** The settings that rules and defaults share, over those given. */
function settings(problems: Problems, entries: ReadonlyMap<string, Entry>, base: Settings): Settings {
  const own: Settings = { ...base };
  const duration = (key: string, least: number): number | undefined => {
    const entry = entries.get(key);
    const ms = entry && read(problems, entry, key, parseDuration);
    if (entry && ms !== undefined && ms < least) problems.at(entry.value, `${key} must be longer than 0`);
    return ms;
  };
  own.window = duration('window', 1) ?? base.window;
  own.grace = duration('grace', 0) ?? base.grace;
  own.for = duration('for', 0) ?? base.for;
  own.keepFiringFor = duration('keep_firing_for', 0) ?? base.keepFiringFor;
  own.noDataFor = duration('no_data_for', 0) ?? base.noDataFor;
  const errors = entries.get('errors');
  if (errors) own.errors = errorMatchers(problems, errors) ?? base.errors;
  const by = entries.get('by');
  if (by)
    own.by = words(problems, by, {
      what: 'by',
      check: (word) => (LABEL.test(word) ? null : `"${word}" is no label name`),
    });
  const context = entries.get('context');
  if (context)
    own.context = words(problems, context, { what: 'context', check: unknownMeasure }) as readonly Measure[];
  const least = entries.get('min_requests');
  if (least) own.minRequests = problems.count(least.value, 'min_requests', 0) ?? base.minRequests;
  const severity = entries.get('severity');
  if (severity)
    own.severity = oneOf(problems, severity, { what: 'severity', known: severities }) ?? base.severity;
  const noData = entries.get('no_data');
  if (noData) noDataOf(problems, noData);
  const labels = entries.get('labels');
  if (labels) own.labels = { ...base.labels, ...labelsOf(problems, labels) };
  const baseline = entries.get('baseline');
  if (baseline) baselineSettings(problems, baseline, own);
  return own;
}

function errorMatchers(problems: Problems, entry: Entry): Selection['errors'] | undefined {
  const selector = read(problems, entry, 'errors', parseSelector);
  if (selector?.metric) problems.at(entry.value, 'errors takes matchers alone, without a metric name');
  return selector?.matchers;
}

function labelsOf(problems: Problems, { value }: Entry): Record<string, string> {
  const texts = problems.texts(value, 'labels');
  for (const name of ['alertname', 'severity']) {
    const entry = texts[name];
    if (entry) problems.at(entry.node, `"${name}" cannot stand under labels: it is set from the rule itself`);
  }
  return Object.fromEntries(Object.entries(texts).map(([name, { text }]) => [name, text]));
}

function baselineSettings(problems: Problems, entry: Entry, own: Settings): void {
  const entries = problems.entries(entry.value, baselineKeys, 'baseline');
  const at = (key: string): Node | undefined => entries.get(key)?.value;
  const [windows, least, freeze, age] = ['windows', 'min_windows', 'freeze', 'max_age'].map(at);
  if (windows) own.windows = problems.count(windows, 'windows', 1) ?? own.windows;
  if (least) own.minWindows = problems.count(least, 'min_windows', 1) ?? own.minWindows;
  if (freeze) own.freeze = problems.flag(freeze, 'freeze') ?? own.freeze;
  const maxAge = entries.get('max_age');
  if (age && maxAge) own.maxAge = read(problems, maxAge, 'max_age', parseDuration) ?? own.maxAge;
  if (own.minWindows !== null && own.minWindows > own.windows) {
    problems.at(
      least ?? entry.value,
      `min_windows is ${own.minWindows}, but there are only ${own.windows} windows`,
    );
  }
}

function noDataOf(problems: Problems, entry: Entry): void {
  const policy = oneOf(problems, entry, { what: 'no_data', known: ['keep', 'alert', 'resolve', 'ignore'] });
  if (policy !== undefined && policy !== 'keep')
    problems.at(entry.value, `no_data: ${policy} is not supported yet`);
}

function words(
  problems: Problems,
  entry: Entry,
  { what, check }: { what: string; check: (word: string) => string | null },
): string[] {
  return problems.items(entry.value, what).flatMap((node) => {
    const word = problems.text(node, what);
    const problem = word === undefined ? null : check(word);
    if (problem !== null) problems.at(node, problem);
    return word === undefined ? [] : [word];
  });
}

const unknownMeasure = (word: string): string | null =>
  measures.some((one) => one === word) ? null : `unknown measure "${word}"${nearest(word, measures)}`;

function oneOf<T extends string>(
  problems: Problems,
  entry: Entry,
  { what, known }: { what: string; known: readonly T[] },
): T | undefined {
  const text = problems.text(entry.value, what);
  if (text === undefined) return undefined;
  const found = known.find((one) => one === text);
  if (!found) problems.at(entry.value, `${what} must be one of ${known.join(', ')}${nearest(text, known)}`);
  return found;
}
