import type { Node } from 'yaml';
import { formatDuration } from '../model/durations.js';
import { isOfGauge, type Measure, metricProblem } from '../model/measures.js';
import type { Condition } from '../model/rule.js';
import type { Entry, Problems } from './document.js';
import type { Settings } from './settings.js';

/** What a rule selects that names no metric. */
export const METRIC = 'http_request_duration_seconds';

/** Windows of a group that are remembered at most. */
const MOST_REMEMBERED = 3_000;

interface BaselineUse extends Pick<Settings, 'window' | 'baseline'> {
  readonly conditions: readonly Condition[];
}

/** Whether its windows can be remembered, and what is compared with them is there. */
export function checkBaseline(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  { window: { window, session }, baseline: { method, offset, windows }, conditions }: BaselineUse,
): void {
  const at = (entries.get('baseline') ?? entries.get('window') ?? entries.get('when'))?.value;
  if (
    method !== 'median' &&
    conditions.some(({ threshold }) => threshold.kind === 'baseline' && threshold.mads !== 0)
  )
    problems.at(
      entries.get('when')?.value,
      'mad is the deviation from a median: add baseline: { method: median }',
    );
  if (offset === 0) return;
  if (session !== null) problems.at(at, 'offset is of windows that lie side by side: sessions have none');
  else if (offset < window)
    problems.at(at, `offset must be as long as the window, ${formatDuration(window)}, or longer`);
  else if (offset / window + windows > MOST_REMEMBERED) {
    const least = Math.ceil(offset / (MOST_REMEMBERED - windows) / 60_000) * 60_000;
    problems.at(
      at,
      `offset ${formatDuration(offset)} is ${Math.ceil(offset / window + windows)} windows of ${formatDuration(window)} to remember of each group, of at most ${MOST_REMEMBERED}: take a window of ${formatDuration(least)} or longer`,
    );
  }
}

/** Metrics of the rules before: whether they are gauges, and the line that says so. */
export type KnownMetrics = Map<string, { readonly gauge: boolean; readonly line: number }>;

interface Measured {
  /** Null where the rule names none. */
  readonly metric: string | null;
  readonly measures: readonly Measure[];
  readonly gauge: boolean;
  readonly metrics: KnownMetrics;
}

/** Whether the metric has what is measured of it: in every rule the same. */
export function checkMetric(
  problems: Problems,
  entries: ReadonlyMap<string, Entry>,
  { metric, measures, gauge, metrics }: Measured,
): void {
  const at = (key: string): Node | undefined =>
    (entries.get(key) ?? entries.get('when') ?? entries.get('objective'))?.value;
  for (const measure of measures) {
    const problem = metricProblem(measure, metric);
    if (isOfGauge(measure) !== gauge)
      problems.at(
        at('context'),
        `${measure} cannot stand beside ${measures[0]} in context: ${gauge ? 'a gauge has avg and max alone' : 'it is of a gauge'}`,
      );
    else if (problem !== null) problems.at(at('match'), `${measure}: ${problem}`);
  }
  if (gauge && entries.has('errors'))
    problems.at(entries.get('errors')?.key, 'errors does not apply: a gauge counts no requests');
  // One that names no gauge says nothing of what others measure.
  if (gauge && metric === null) return;
  const name = metric ?? METRIC;
  const before = metrics.get(name);
  const line = problems.line(at('when') as Node);
  if (before && before.gauge !== gauge)
    problems.at(
      at('when'),
      `${name} is measured as a ${before.gauge ? 'gauge' : 'counter'} in line ${before.line}: a metric is one or the other`,
    );
  metrics.set(name, before ?? { gauge, line });
}
