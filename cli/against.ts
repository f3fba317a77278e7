import { compileMatchers } from '../pipeline/model/matcher.js';
import { needsBuckets } from '../pipeline/model/measures.js';
import type { Rule } from '../pipeline/model/rule.js';
import { nearest } from '../pipeline/sla/diagnostics.js';
import { nothing, type RuleLint, told, type Warning } from '../pipeline/sla/lints/linted.js';
import { measuresOf } from '../pipeline/sla/lints/parts.js';
import type { FamilySeries } from '../pipeline/spout/families.js';
import { boundsIn, type Survey, selectedBy } from './survey.js';

/** What the rules say of series that are not there as they think. */
export const againstSurvey =
  (survey: Survey): RuleLint =>
  ({ rule }) => {
    const { metric, gauge } = rule.selection;
    const known = survey.series.filter(({ name }) => name === metric);
    const type = typeProblem(metric, gauge, survey);
    if (type !== null) return told('match', type);
    if (known.length === 0)
      return told('match', `there is no series of ${metric} now${nearest(metric, familyNames(survey))}`);
    const selected = selectedBy(rule.selection, survey);
    if (selected.length === 0) return told('match', matchProblem(rule, known));
    return [...labelProblems(rule, selected), ...sumProblem(rule, selected), ...bucketProblem(rule, survey)];
  };

/** Metrics by the name that a rule gives them. */
const familyNames = ({ names }: Survey): readonly string[] => [
  ...new Set(names.map((name) => name.replace(/_(?:count|sum|bucket|created)$/, ''))),
];

function typeProblem(metric: string, gauge: boolean, { types, names, series }: Survey): string | null {
  const type = types.get(metric) ?? null;
  if (!gauge) return type === 'gauge' ? `${metric} is a gauge there: measure its avg or max` : null;
  if (type !== null && type !== 'gauge') return `${metric} is a ${type} there, and no gauge`;
  const none = !series.some(({ name }) => name === metric);
  return none && names.includes(`${metric}_count`)
    ? `${metric} is a histogram or a summary there, and no gauge`
    : null;
}

const valuesOf = (series: readonly FamilySeries[], label: string): readonly string[] => [
  ...new Set(series.flatMap(({ labels }) => labels[label] ?? [])),
];
const labelsOf = (series: readonly FamilySeries[]): readonly string[] => [
  ...new Set(series.flatMap(({ labels }) => Object.keys(labels))),
];

/** Which matcher it is that no series passes, and what is near to what it says. */
function matchProblem({ selection: { metric, match } }: Rule, known: readonly FamilySeries[]): string {
  const there = `${known.length} series of ${metric}`;
  const one = match.find((matcher) => !known.some(({ labels }) => compileMatchers([matcher])(labels)));
  if (one === undefined) return `of the ${there} there is none now that passes all matchers`;
  const { label, operator, value } = one;
  const values = valuesOf(known, label);
  if (values.length === 0)
    return `of the ${there} none has the label ${label} now${nearest(label, labelsOf(known))}`;
  return `of the ${there} none has ${label}${operator}"${value}" now${nearest(value, values)}`;
}

function labelProblems(rule: Rule, selected: readonly FamilySeries[]): readonly Warning[] {
  const labels = labelsOf(selected);
  const { by, errors } = rule.selection;
  const missing = (key: string, label: string): readonly Warning[] =>
    labels.includes(label)
      ? nothing
      : told(key, `no series that the rule matches has the label ${label} now${nearest(label, labels)}`);
  const needed = measuresOf(rule).includes('error_ratio') ? errors.map(({ label }) => label) : [];
  return [
    ...by.flatMap((label) => missing('by', label)),
    ...[...new Set(needed)].flatMap((label) => missing('errors', label)),
  ];
}

const summed: ReadonlySet<string> = new Set(['mean_latency', 'throughput']);

function sumProblem(rule: Rule, selected: readonly FamilySeries[]): readonly Warning[] {
  const measure = measuresOf(rule).find((one) => summed.has(one));
  const without = selected.every(({ sum, count }) => sum === null && count?.sums === undefined);
  return measure !== undefined && without
    ? told('match', `${rule.selection.metric} has no sum there, so that its ${measure} is always 0`)
    : nothing;
}

/** Where there are bounds, the lints say of them what there is to say. */
function bucketProblem(rule: Rule, survey: Survey): readonly Warning[] {
  const measure = measuresOf(rule).find(needsBuckets);
  if (measure === undefined || boundsIn(survey)(rule.selection)?.length !== 0) return nothing;
  return told('match', `the series of ${rule.selection.metric} share no buckets: ${measure} is not judged`);
}
