import { compileMatchers } from '../pipeline/model/matcher.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { computed, type Selection } from '../pipeline/model/selection.js';
import { groupText } from '../pipeline/model/text.js';
import { type FamilySeries, familySeries, gaugeSeries, partNames } from '../pipeline/spout/families.js';
import type { RawSeries } from '../pipeline/spout/sample-source.js';
import { familiesOf, gaugesOf } from './spout.js';

/** Who knows what series there are now. */
export interface SeriesSource {
  newest(names: readonly string[], signal: AbortSignal): Promise<readonly RawSeries[]>;
  names(signal: AbortSignal): Promise<readonly string[]>;
  typeOf(metric: string, signal: AbortSignal): Promise<string | null>;
}

/** What there is now of what rules select. */
export interface Survey {
  /** Series of the metrics that rules name. */
  readonly series: readonly FamilySeries[];
  /** What targets say that a metric is. */
  readonly types: ReadonlyMap<string, string | null>;
  /** Names of all series. */
  readonly names: readonly string[];
}

/** Asks for all series of the metrics that the rules name; for buckets only where a rule reads them. */
export async function surveyOf(rules: RuleSet, source: SeriesSource, signal: AbortSignal): Promise<Survey> {
  const families = familiesOf(rules);
  const gauges = gaugesOf(rules, []);
  const buckets = new Set(rules.selections.filter((one) => one.buckets).map(({ metric }) => metric));
  const parts = partNames(families).filter(
    (name) => !name.endsWith('_bucket') || buckets.has(name.slice(0, -'_bucket'.length)),
  );
  const found = await source.newest([...parts, ...gauges], signal);
  const metrics = [...families, ...gauges];
  const types = await Promise.all(
    metrics.map(async (metric) => [metric, await source.typeOf(metric, signal)] as const),
  );
  return {
    series: [...familySeries(families, found), ...gaugeSeries(gauges, found)],
    types: new Map(types),
    names: await source.names(signal),
  };
}

/** The series of a selection. */
export function selectedBy({ metric, match }: Selection, { series }: Survey): readonly FamilySeries[] {
  const matches = compileMatchers(match);
  return series.filter((one) => one.name === metric && matches(one.labels));
}

/** How many groups such series make. */
export const groupsOf = ({ by }: Selection, series: readonly FamilySeries[]): number =>
  new Set(
    series.map(({ labels }) =>
      groupText(Object.fromEntries(by.map((label) => [label, labels[label] ?? '']))),
    ),
  ).size;

/** The finite bounds that all series of the selection have; null where there is no series. */
export function boundsIn(survey: Survey): (selection: Selection) => readonly number[] | null {
  return (selection) => {
    const [first, ...others] = selectedBy(computed(selection), survey).map(({ buckets }) =>
      buckets.map(({ le }) => le).filter(Number.isFinite),
    );
    return first === undefined
      ? null
      : first.filter((le) => others.every((bounds) => bounds.includes(le))).sort((a, b) => a - b);
  };
}
