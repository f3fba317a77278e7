import * as of from './selections.js';

/** The rules of sla.ts as plain objects, for the model. */

export type MeasureName =
  | 'mean_latency'
  | 'request_rate'
  | 'request_count'
  | 'error_ratio'
  | 'p50_latency'
  | 'p90_latency'
  | 'ratio(latency < 100ms)'
  | 'ratio(latency < 200ms)'
  | 'avg'
  | 'max';

export interface PlainRule {
  readonly alert: string;
  readonly selection: of.PlainSelection;
  readonly measure: MeasureName;
  readonly operator: string;
  readonly compare: (value: number, threshold: number) => boolean;
  readonly fixed: number | null;
  readonly factor: number | null;
  readonly windows: number;
  readonly minWindows: number;
  readonly freeze: boolean;
  readonly maxAge: number;
  readonly context: readonly MeasureName[];
  readonly minRequests: number;
  readonly for: number;
  readonly keepFiringFor: number;
  readonly noDataFor: number;
  readonly severity: string;
  readonly labels: of.Labels;
}

const usual = {
  fixed: null,
  factor: null,
  windows: 10,
  minWindows: 5,
  freeze: true,
  maxAge: 3_600_000,
  context: [],
  minRequests: 0,
  for: 0,
  keepFiringFor: 0,
  noDataFor: 900_000,
  severity: 'warning',
  labels: {},
} as const;

const comparisons: Readonly<Record<string, PlainRule['compare']>> = {
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '<': (value, threshold) => value < threshold,
};

type Rest = Partial<Omit<PlainRule, 'alert' | 'selection' | 'measure' | 'operator' | 'compare'>>;

function rule(
  alert: string,
  selection: of.PlainSelection,
  [measure, operator]: readonly [MeasureName, string],
  rest: Rest,
): PlainRule {
  const compare = comparisons[operator];
  if (!compare) throw new Error(`no such operator: ${operator}`);
  return { ...usual, alert, selection, measure, operator, compare, ...rest };
}

export const rules: readonly PlainRule[] = [
  rule('Slow', of.byRoute, ['mean_latency', '>'], { fixed: 150 / 1000, for: 10_000, labels: { team: 'a' } }),
  rule('Slower', of.byRoute, ['mean_latency', '>'], {
    ...{ factor: 1.2, windows: 4, minWindows: 2, maxAge: 60_000 },
    ...{ context: ['request_rate', 'error_ratio'], keepFiringFor: 20_000, noDataFor: 30_000 },
  }),
  rule('Failing', of.withGrace, ['error_ratio', '>='], {
    ...{ fixed: 10 / 100, minRequests: 3, noDataFor: 60_000 },
    ...{ severity: 'critical', context: ['mean_latency'] },
  }),
  rule('Quiet', of.good, ['request_rate', '<'], {
    ...{ factor: 0.8, windows: 5, minWindows: 3, freeze: false, for: 10_000 },
  }),
  rule('Busy', of.whole, ['request_rate', '>'], { fixed: 60 / 60 }),
  rule('Tail', of.kept, ['p90_latency', '>'], {
    ...{ fixed: 300 / 1000, context: ['ratio(latency < 200ms)'], for: 10_000 },
  }),
  rule('Median', of.kept, ['p50_latency', '>'], {
    ...{ factor: 1.2, windows: 4, minWindows: 2, keepFiringFor: 10_000 },
  }),
  rule('Share', of.keptWhole, ['ratio(latency < 200ms)', '<'], { fixed: 60 / 100, noDataFor: 60_000 }),
  rule('Shares', of.kept, ['ratio(latency < 100ms)', '<'], {
    ...{ factor: 0.8, windows: 6, minWindows: 1, freeze: false },
  }),
  rule('Level', of.level, ['avg', '>'], { fixed: 0.8, context: ['max'], for: 10_000, minRequests: 2 }),
  rule('Peak', of.levels, ['max', '>'], {
    ...{ factor: 1.2, windows: 3, minWindows: 2, maxAge: 60_000, context: ['avg'], noDataFor: 30_000 },
  }),
  rule('Rolling', of.rolling, ['mean_latency', '>'], {
    ...{ factor: 1.1, windows: 3, minWindows: 1, maxAge: 120_000 },
    ...{ context: ['request_rate'], for: 20_000, noDataFor: 40_000 },
  }),
  rule('RollingErrors', of.rollingErrors, ['error_ratio', '>'], { fixed: 20 / 100, keepFiringFor: 10_000 }),
  rule('Hour', of.hour, ['request_rate', '>'], {
    ...{ factor: 1.2, windows: 2, minWindows: 1, context: ['mean_latency'] },
  }),
  rule('Day', of.day, ['request_rate', '>'], { fixed: 1 / 3600 }),
  rule('Visit', of.visit, ['mean_latency', '>'], {
    ...{ factor: 1.1, windows: 3, minWindows: 2, maxAge: 300_000 },
    ...{ context: ['request_rate'], noDataFor: 120_000 },
  }),
  rule('Visits', of.visits, ['error_ratio', '>'], { fixed: 10 / 100, for: 30_000 }),
  rule('RollingTail', of.rollingKept, ['p90_latency', '>'], {
    ...{ factor: 1.1, windows: 4, minWindows: 2, maxAge: 120_000 },
    ...{ context: ['ratio(latency < 200ms)', 'request_count'], for: 10_000 },
  }),
  rule('HourShare', of.hourKept, ['ratio(latency < 200ms)', '<'], {
    ...{ fixed: 45 / 100, windows: 2, minWindows: 1, context: ['p90_latency'] },
  }),
  rule('VisitShare', of.visitKept, ['ratio(latency < 100ms)', '<'], {
    ...{ fixed: 20 / 100, context: ['p50_latency'], windows: 3, minWindows: 1 },
  }),
  rule('RollingPeak', of.rollingLevels, ['max', '>'], {
    ...{ factor: 1.2, windows: 3, minWindows: 2, maxAge: 60_000, context: ['avg'], noDataFor: 30_000 },
  }),
  rule('VisitLevel', of.visitLevel, ['avg', '>'], {
    ...{ factor: 1.1, windows: 3, minWindows: 1, freeze: false, context: ['max'], noDataFor: 120_000 },
  }),
];
