import type { RuleSet } from '../pipeline/model/rule.js';
import { METRIC } from '../pipeline/sla/checks.js';
import { formatWarning, lintRules } from '../pipeline/sla/lint.js';
import { usualBounds } from '../pipeline/sla/lints/buckets.js';
import { prometheus } from '../platform/scrape/prometheus.js';
import { againstSurvey } from './against.js';
import { type PrometheusGiven, prometheusOf } from './spout.js';
import { boundsIn, groupsOf, type SeriesSource, selectedBy, surveyOf } from './survey.js';

export interface Checked {
  /** A line each. */
  readonly warnings: readonly string[];
  /** What each rule matches, a line each; none where nobody was asked. */
  readonly matches: readonly string[];
}

/** What the rules hardly can mean, where targets are scraped so often, ms. */
export function check(rules: RuleSet, scrapeInterval: number): Checked {
  const boundsOf = ({ metric }: { readonly metric: string }) => (metric === METRIC ? usualBounds : null);
  return { warnings: lintRules(rules, { scrapeInterval, boundsOf }).map(formatWarning), matches: [] };
}

/** That too, by the series that a Prometheus has now. */
export const checkAgainst = (
  rules: RuleSet,
  scrapeInterval: number,
  settings: PrometheusGiven,
): Promise<Checked> => checkBy(rules, scrapeInterval, prometheus(prometheusOf(settings)));

export async function checkBy(
  rules: RuleSet,
  scrapeInterval: number,
  source: SeriesSource,
): Promise<Checked> {
  // Each question has its own limit, and an interrupt ends the process.
  const survey = await surveyOf(rules, source, new AbortController().signal);
  const surroundings = { scrapeInterval, boundsOf: boundsIn(survey) };
  const warnings = lintRules(rules, surroundings, [againstSurvey(survey)]).map(formatWarning);
  const matches = rules.rules.map(({ name, selection }) => {
    const series = selectedBy(selection, survey);
    return `${name}: ${series.length} series in ${counted(groupsOf(selection, series), 'group')}`;
  });
  return { warnings, matches };
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
