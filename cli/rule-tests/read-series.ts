import type { Node } from 'yaml';
import type { Labels } from '../../pipeline/model/matcher.js';
import type { RuleSet } from '../../pipeline/model/rule.js';
import { normalLabels, seriesText } from '../../pipeline/model/text.js';
import { nearest, SyntaxProblem } from '../../pipeline/sla/diagnostics.js';
import type { Problems } from '../../pipeline/sla/document.js';
import { usualBounds } from '../../pipeline/sla/lints/buckets.js';
import { given, parsed, type Read } from '../../pipeline/sla/read.js';
import { parseSelector } from '../../pipeline/sla/selector.js';
import { latencyOf, parseEach, parseValues, sizeOf } from './notation.js';
import type { InputSeries } from './rule-test.js';

const keys = ['series', 'values', 'requests', 'latency', 'size', 'buckets'];

/** The series under `input_series`: of metrics that the rules name, none of them twice. */
export const seriesUnder =
  (rules: readonly RuleSet[]): Read<readonly InputSeries[]> =>
  (problems, node, what) => {
    const seen = new Set<string>();
    return problems.items(node, what).flatMap((item) => readSeries(problems, item, { rules, seen }) ?? []);
  };

interface Around {
  readonly rules: readonly RuleSet[];
  readonly seen: Set<string>;
}

function readSeries(problems: Problems, node: Node, { rules, seen }: Around): InputSeries | null {
  const entries = problems.entries(node, keys, 'a series');
  if (!entries) return null;
  const read = given(problems, entries);
  const named = entries.get('series')?.value;
  if (!named)
    problems.at(node, 'series is missing: write it like http_request_duration_seconds{service="checkout"}');
  const series = read('series', parsed(parseSeries));
  const [values, requests] = [read('values', parsed(parseValues)), read('requests', parsed(parseValues))];
  const latency = read(
    'latency',
    parsed((text) => parseEach(text, latencyOf)),
  );
  const size = read(
    'size',
    parsed((text) => parseEach(text, sizeOf)),
  );
  const bounds = read('buckets', bucketBounds);
  const problem = combination((key) => entries.has(key));
  if (problem !== null) problems.at(node, problem);
  const steps = values ?? requests;
  if (!named || !series || !steps || problem !== null) return null;
  const gauge = measuredAs(series.name, rules);
  if (gauge === undefined)
    problems.at(named, `no rule is about ${series.name}${nearest(series.name, metricsOf(rules))}`);
  else if (gauge && values === undefined)
    problems.at(named, `${series.name} is a gauge, by the rules: give its values`);
  const text = seriesText(series.name, series.labels);
  if (seen.has(text)) problems.at(named, `${text} stands twice`);
  seen.add(text);
  const each = latency ?? size ?? null;
  return {
    ...series,
    gauge: gauge === true,
    steps,
    each,
    bounds: latency === undefined ? [] : (bounds ?? usualBounds),
  };
}

/** What is wrong with keys that stand together. */
function combination(has: (key: string) => boolean): string | null {
  if (has('values') === has('requests'))
    return 'a series has either values (a gauge, a plain counter) or requests (with latency or size)';
  if (has('values') && (has('latency') || has('size') || has('buckets')))
    return 'latency, size and buckets are of requests: values have none';
  if (has('requests') && has('latency') === has('size'))
    return 'requests have either a latency, like 120ms x10, or a size';
  return has('buckets') && !has('latency') ? 'buckets are of latencies' : null;
}

function parseSeries(text: string): { readonly name: string; readonly labels: Labels } {
  const { metric, matchers } = parseSelector(text);
  if (metric === null)
    throw new SyntaxProblem(`"${text}" names no metric: write it in front, like name{a="x"}`);
  const other = matchers.find(({ operator }) => operator !== '=');
  if (other) throw new SyntaxProblem(`"${other.label}${other.operator}" is no label of a series: write =`);
  return {
    name: metric,
    labels: normalLabels(Object.fromEntries(matchers.map(({ label, value }) => [label, value]))),
  };
}

const bucketBounds: Read<readonly number[]> = (problems, node, what) =>
  problems
    .items(node, what)
    .flatMap((item) => parsed(latencyOf)(problems, item, what) ?? [])
    .sort((a, b) => a - b);

const metricsOf = (rules: readonly RuleSet[]): readonly string[] =>
  rules.flatMap(({ selections }) => selections.map(({ metric }) => metric));

/** Whether the rules measure it as a gauge; undefined where none is about it. */
const measuredAs = (name: string, rules: readonly RuleSet[]): boolean | undefined =>
  rules.flatMap(({ selections }) => selections).find(({ metric }) => metric === name)?.gauge;
