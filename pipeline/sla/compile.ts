import { createHash } from 'node:crypto';
import { isSeq, type Node } from 'yaml';
import { windowsOf } from '../model/burn.js';
import { isOfGauge, needsBuckets } from '../model/measures.js';
import type { Condition, Rule, RuleSet } from '../model/rule.js';
import { computed, type Selection, selectionOf } from '../model/selection.js';
import { byCodeUnits } from '../model/text.js';
import { checkBaseline, checkMetric, type KnownMetrics, METRIC } from './checks.js';
import { parseCondition } from './condition.js';
import { type Diagnostic, formatDiagnostic } from './diagnostics.js';
import { Problems } from './document.js';
import { type ObjectiveSettings, objectiveKeys, readObjective } from './objective.js';
import { flag, given, parsed, type Read } from './read.js';
import { parseSelector } from './selector.js';
import { initial, readSettings, type Settings, settingKeys, severities } from './settings.js';
import { checkTemplate } from './templates.js';

export interface RuleFile {
  /** Path as configured. */
  readonly file: string;
  readonly text: string;
}

export type Compiled = { readonly rules: RuleSet } | { readonly problems: readonly Diagnostic[] };

const ruleKeys = ['alert', 'match', 'when', 'clear', ...objectiveKeys, 'annotations', ...settingKeys];
const annotationKeys = ['summary', 'description', 'runbook_url'];

/** Compiles `sla.yaml`; every problem is found in one go. */
export function compileRules({ file, text }: RuleFile): Compiled {
  const problems = new Problems(file);
  const root = problems.parse(text);
  const { rules, jitter } = problems.all.length > 0 ? nothing : readFile(problems, root);
  if (problems.all.length > 0) {
    return { problems: problems.all.sort((a, b) => a.line - b.line || a.column - b.column) };
  }
  const revision = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const judged = rules.map(({ selection }) => selection);
  return {
    rules: {
      file,
      text,
      revision,
      jitter,
      rules: [...rules].sort((a, b) => byCodeUnits(a.name, b.name)),
      selections: distinct(judged.map(computed)),
      judged: distinct(judged),
      summed: distinct(
        rules.flatMap(({ selection, objective }) => [selection, ...(objective ? windowsOf(objective) : [])]),
      ),
    },
  };
}

const distinct = (selections: readonly Selection[]): readonly Selection[] =>
  [...new Map(selections.map((one) => [one.id, one])).values()].sort((a, b) => byCodeUnits(a.id, b.id));

/** As `compileRules`, for a file that was valid before; throws where it no longer is. */
export function recompile(file: string, text: string): RuleSet {
  const compiled = compileRules({ file, text });
  if ('rules' in compiled) return compiled.rules;
  throw new RangeError(`the rules no longer compile: ${compiled.problems.map(formatDiagnostic).join('; ')}`);
}

const nothing: Pick<RuleSet, 'rules' | 'jitter'> = { rules: [], jitter: false };

function readFile(problems: Problems, root: Node | null): typeof nothing {
  const top = problems.entries(root, ['version', 'jitter', 'defaults', 'slas'], 'the file');
  if (!top) return nothing;
  if (!top.has('version')) problems.at(root, 'version is missing: begin the file with version: 1');
  if (!top.has('slas')) problems.at(root, 'slas is missing: list at least one rule under it');
  const read = given(problems, top);
  read('version', version);
  const base = read('defaults', defaults) ?? initial;
  return { rules: read('slas', rulesOver(base)) ?? [], jitter: read('jitter', flag) ?? nothing.jitter };
}

const version: Read<string> = (problems, node, what) => {
  const text = problems.text(node, what);
  if (text !== undefined && text !== '1') problems.at(node, `${what} must be 1`);
  return text;
};

const defaults: Read<Settings> = (problems, node, what) => {
  const entries = problems.entries(node, settingKeys, what);
  return entries ? readSettings(problems, entries, initial) : undefined;
};

const rulesOver =
  (base: Settings): Read<readonly Rule[]> =>
  (problems, node, what) => {
    const around: Surroundings = { base, lines: new Map(), metrics: new Map() };
    return problems.items(node, what).flatMap((item) => readRule(problems, item, around));
  };

interface Surroundings {
  readonly base: Settings;
  /** Lines of the alerts before. */
  readonly lines: Map<string, number>;
  readonly metrics: KnownMetrics;
}

function readRule(problems: Problems, node: Node, around: Surroundings): readonly Rule[] {
  const entries = problems.entries(node, ruleKeys, 'a rule');
  if (!entries) return [];
  const read = given(problems, entries);
  const { baseline, errors, by, window, grace, ...own } = readSettings(problems, entries, around.base);
  const alert = read('alert', nameAmong(around.lines));
  const named = entries.get('alert');
  if (!named) problems.at(node, 'alert is missing: give the rule a name');
  const promise = readObjective(problems, entries, window);
  const when = entries.has('objective') ? [burning(promise)] : read('when', conditions);
  const clear = entries.has('objective') ? null : (read('clear', conditions) ?? null);
  if (!entries.has('when') && !entries.has('objective'))
    problems.at(node, 'when is missing: say when the rule is broken, like mean_latency > 300ms');
  const selector = read('match', parsed(parseSelector));
  const annotations = read('annotations', templates) ?? {};
  const [condition, ...also] = when ?? [];
  if (!named || alert === undefined || !condition || (entries.has('objective') && !promise)) return [];
  if (window.session !== null && own.noData === 'alert')
    problems.at(
      entries.get('no_data')?.value ?? entries.get('window')?.value ?? node,
      'no_data: alert is of windows that lie side by side: a session is over because there are no data',
    );
  const all = [condition, ...also, ...(clear ?? [])];
  checkBaseline(problems, entries, { window, baseline, conditions: all });
  const indicated = promise ? [promise.sli ?? 'error_ratio'] : all.map(({ measure }) => measure);
  const measures = [...indicated, ...own.context];
  const gauge = measures.slice(0, 1).some(isOfGauge);
  if (!entries.has('match') || selector)
    checkMetric(problems, entries, {
      metric: selector?.metric ?? null,
      measures,
      gauge,
      metrics: around.metrics,
    });
  const over = (length: number): Selection =>
    selectionOf(
      {
        metric: selector?.metric ?? METRIC,
        match: selector?.matchers ?? [],
        errors: gauge ? [] : errors,
        by,
        window: length,
        grace,
        buckets: measures.some(needsBuckets),
        gauge,
      },
      { every: window.every ?? window.window, session: window.session },
    );
  const rule: Omit<Rule, 'name' | 'selection' | 'condition' | 'objective'> = {
    alert,
    also,
    clear,
    baseline: { ...baseline, minWindows: baseline.minWindows ?? Math.ceil(baseline.windows / 2) },
    ...own,
    annotations,
    file: problems.file,
    line: problems.line(named.key),
  };
  if (!promise) return [{ ...rule, name: alert, selection: over(window.window), condition, objective: null }];
  return severities.flatMap((severity) => {
    const rates = promise.rates.filter((rate) => (rate.severity ?? own.severity) === severity);
    if (rates.length === 0) return [];
    const { target, sli } = promise;
    const objective = {
      ...{ target, sli },
      rates: rates.map(({ long, short, factor }) => ({ long: over(long), short: over(short), factor })),
    };
    // The shortest window says which groups are there.
    const selection = over(Math.min(...rates.map(({ short }) => short)));
    return [
      {
        ...rule,
        name: `${alert}/${severity}`,
        severity,
        selection,
        condition: burning({ rates }),
        objective,
      },
    ];
  });
}

/** What the rule of an objective says of itself. */
const burning = (promise: Pick<ObjectiveSettings, 'rates'> | undefined): Condition => ({
  measure: 'burn_rate',
  operator: '>',
  threshold: { kind: 'fixed', value: promise?.rates[0]?.factor ?? 0 },
});

/** One condition, or a list of them. */
const conditions: Read<readonly Condition[]> = (problems, node, what) => {
  const one = parsed(parseCondition);
  if (!isSeq(node)) {
    const condition = one(problems, node, what);
    return condition && [condition];
  }
  const items = problems.items(node, what);
  if (items.length === 0) problems.at(node, `${what} is an empty list: give at least one condition`);
  const all = items.map((item) => one(problems, item, what));
  return all.every((condition) => condition !== undefined) ? all : undefined;
};

const nameAmong =
  (lines: Map<string, number>): Read<string> =>
  (problems, node, what) => {
    const name = problems.text(node, what);
    if (name === undefined) return undefined;
    const line = lines.get(name);
    if (line !== undefined) problems.at(node, `alert "${name}" stands twice: the first is in line ${line}`);
    else lines.set(name, problems.line(node));
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name))
      problems.at(node, `alert "${name}" must be written in CamelCase, like CheckoutSlow`);
    return name;
  };

const templates: Read<Readonly<Record<string, string>>> = (problems, node, what) => {
  const entries = problems.entries(node, annotationKeys, what) ?? new Map<string, never>();
  const read = given(problems, entries);
  const texts = [...entries.keys()].map((key) => [key, read(key, template)] as const);
  return Object.fromEntries(texts.flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
};

const template: Read<string> = parsed((text) => {
  checkTemplate(text);
  return text;
});
