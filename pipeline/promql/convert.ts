import { Document } from 'yaml';
import { compileRules } from '../sla/compile.js';
import { type Diagnostic, formatDiagnostic } from '../sla/diagnostics.js';
import { type Expression, PromqlError, parsePromql, type Selected, Unconvertible } from './expression.js';
import { type PrometheusRule, readPrometheusRules } from './prometheus-rules.js';
import { type Draft, draftOf } from './rule.js';

export interface Conversion {
  /** The rule file; null where nothing came of any alert. */
  readonly text: string | null;
  readonly converted: number;
  /** Alerts that nothing came of, and why. */
  readonly left: readonly Diagnostic[];
  /** What is not quite the same, or is left out beside. */
  readonly notes: readonly Diagnostic[];
}

/** Converts the alerts of a rule file of Prometheus. What is no such file, or no PromQL, is a problem. */
export function convertPrometheus(
  file: string,
  text: string,
): Conversion | { readonly problems: readonly Diagnostic[] } {
  const read = readPrometheusRules(file, text);
  if ('problems' in read) return read;
  const parsed: { readonly rule: PrometheusRule; readonly expression: Expression }[] = [];
  const problems: Diagnostic[] = [];
  for (const rule of read.rules) {
    try {
      parsed.push({ rule, expression: parsePromql(rule.expr) });
    } catch (error) {
      if (!(error instanceof PromqlError)) throw error;
      problems.push({ ...rule.placeIn(error.at), message: `${rule.kind} ${rule.name}: ${error.message}` });
    }
  }
  if (problems.length > 0) return { problems };
  const conversion = new Converting(file);
  const recorded = new Map(
    parsed.flatMap(({ rule, expression }) => (rule.kind === 'record' ? [[rule.name, expression]] : [])),
  );
  for (const { rule, expression } of parsed) {
    if (rule.kind === 'record') conversion.leaveRecord(rule);
    else conversion.take(rule, inlined(expression, recorded));
  }
  return conversion.finish();
}

/** The expression with recorded ones in the place of their names; what is wrong in them is wrong at that place. */
function inlined(
  expression: Expression,
  recorded: ReadonlyMap<string, Expression>,
  within: readonly string[] = [],
): Expression {
  const again = (one: Expression): Expression => inlined(one, recorded, within);
  switch (expression.kind) {
    case 'selector': {
      const { metric, matchers, at } = expression;
      const record = matchers.length > 0 || within.includes(metric) ? undefined : recorded.get(metric);
      if (record) return moved(inlined(record, recorded, [...within, metric]), at);
      return isRecorded(metric, recorded) ? unscraped(expression) : expression;
    }
    case 'range':
      return isRecorded(expression.of.metric, recorded) ? unscraped(expression.of) : expression;
    case 'call':
    case 'aggregate':
      return { ...expression, args: expression.args.map(again) };
    case 'binary':
      return { ...expression, left: again(expression.left), right: again(expression.right) };
    default:
      return expression;
  }
}

const isRecorded = (metric: string, recorded: ReadonlyMap<string, Expression>): boolean =>
  metric.includes(':') || recorded.has(metric);

const unscraped = ({ metric, at }: Selected & { readonly at: number }): Expression => ({
  ...{ kind: 'other', at },
  what: `${metric}, which is recorded and not scraped,`,
});

function moved(expression: Expression, at: number): Expression {
  const to = (one: Expression): Expression => moved(one, at);
  switch (expression.kind) {
    case 'call':
    case 'aggregate':
      return { ...expression, at, args: expression.args.map(to) };
    case 'binary':
      return { ...expression, at, left: to(expression.left), right: to(expression.right) };
    case 'range':
      return { ...expression, at, of: { ...expression.of, at } };
    default:
      return { ...expression, at };
  }
}

/** One rule file that grows, rule by rule, and compiles at each. */
class Converting {
  readonly #left: Diagnostic[] = [];
  readonly #notes: Diagnostic[] = [];
  readonly #names = new Set<string>();
  #text: string;

  constructor(readonly file: string) {
    this.#text = `# What \`tidemark import prometheus\` made of ${file}: above each rule, what it was.\nversion: 1\nslas:\n`;
  }

  leaveRecord(rule: PrometheusRule): void {
    this.#notes.push({
      ...rule.place,
      message: `record ${rule.name} is left out: there are no recording rules; where an alert uses it, its expression stands there`,
    });
  }

  take(alert: PrometheusRule, expression: Expression): void {
    try {
      const draft = draftOf(alert, expression, this.#names);
      const text = `${this.#text}${written(alert, draft)}`;
      const compiled = compileRules({ file: this.file, text });
      if ('problems' in compiled) throw new Unconvertible(0, compiled.problems.map(problemOf).join('; '));
      this.#text = text;
      this.#names.add(draft.rule.alert);
      for (const note of draft.notes)
        this.#notes.push({ ...alert.place, message: `alert ${alert.name}: ${note}` });
    } catch (error) {
      if (!(error instanceof Unconvertible)) throw error;
      const left = { ...alert.placeIn(error.at), message: `alert ${alert.name}: ${error.message}` };
      this.#left.push(left);
      this.#text += `  # Left out: ${oneLine(formatDiagnostic(left))}\n\n`;
    }
  }

  finish(): Conversion {
    const converted = this.#names.size;
    const text = converted === 0 ? null : `${this.#text.trimEnd()}\n`;
    return { text, converted, left: this.#left, notes: this.#notes };
  }
}

/** A rule under what it was, and what is not quite the same. */
function written({ group, expr, place }: PrometheusRule, { rule, notes }: Draft): string {
  const document = new Document();
  const nodes = Object.entries(rule).map(
    ([key, value]) => [key, document.createNode(value, { flow: key === 'by' })] as const,
  );
  document.contents = document.createNode([Object.fromEntries(nodes)]);
  const text = document.toString({ singleQuote: true, lineWidth: 0, flowCollectionPadding: false });
  const comments = [
    `${place.file}:${place.line}, group ${group}`,
    ...expr
      .trim()
      .split('\n')
      .map((line) => `  ${line.trim()}`),
    ...notes,
  ];
  const lines = [...comments.map((line) => `# ${oneLine(line)}`.trimEnd()), ...text.trimEnd().split('\n')];
  return `${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}

/** Lines are those of what is being written, which says nothing to people. */
const problemOf = ({ message }: Diagnostic): string => message.replace(/ in line \d+/, ' by another alert');

const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ');
