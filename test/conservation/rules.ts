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
  | 'max'
  | 'burn_rate';

export interface Condition {
  readonly measure: MeasureName;
  readonly operator: string;
  readonly compare: (value: number, threshold: number) => boolean;
  readonly fixed: number | null;
  readonly factor: number | null;
  readonly mads: number;
}

export interface Rate {
  /** ms */
  readonly long: number;
  readonly short: number;
  readonly factor: number;
}

export interface Objective {
  readonly target: number;
  /** What is good; null for that which is no error. */
  readonly sli: MeasureName | null;
  readonly rates: readonly Rate[];
}

/** With the first of its conditions. */
export interface PlainRule extends Condition {
  /** With the severity, of an objective. */
  readonly name: string;
  readonly alert: string;
  readonly selection: of.PlainSelection;
  readonly also: readonly Condition[];
  readonly clear: readonly Condition[] | null;
  readonly objective: Objective | null;
  readonly median: boolean;
  readonly offset: number;
  readonly windows: number;
  readonly minWindows: number;
  readonly freeze: boolean;
  readonly maxAge: number;
  readonly context: readonly MeasureName[];
  readonly minRequests: number;
  readonly for: number;
  readonly keepFiringFor: number;
  readonly noData: 'keep' | 'resolve' | 'ignore' | 'alert';
  readonly noDataFor: number;
  readonly severity: string;
  readonly labels: of.Labels;
}

const usual = {
  fixed: null,
  factor: null,
  mads: 0,
  also: [],
  clear: null,
  objective: null,
  median: false,
  offset: 0,
  windows: 10,
  minWindows: 5,
  freeze: true,
  maxAge: 3_600_000,
  context: [],
  minRequests: 0,
  for: 0,
  keepFiringFor: 0,
  noData: 'keep',
  noDataFor: 900_000,
  severity: 'warning',
  labels: {},
} as const;

const comparisons: Readonly<Record<string, Condition['compare']>> = {
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '<': (value, threshold) => value < threshold,
};

type Rest = Partial<Omit<PlainRule, 'alert' | 'selection' | 'measure' | 'operator' | 'compare'>>;

function condition(
  [measure, operator]: readonly [MeasureName, string],
  rest: Partial<Pick<Condition, 'fixed' | 'factor' | 'mads'>>,
): Condition {
  const compare = comparisons[operator];
  if (!compare) throw new Error(`no such operator: ${operator}`);
  return { fixed: null, factor: null, mads: 0, measure, operator, compare, ...rest };
}

function rule(
  alert: string,
  selection: of.PlainSelection,
  about: readonly [MeasureName, string],
  rest: Rest,
): PlainRule {
  return { ...usual, name: alert, alert, selection, ...condition(about, {}), ...rest };
}

/** Of one severity; its window is the shortest that the rates ask for. */
function objective(
  alert: string,
  selection: of.PlainSelection,
  promise: Objective,
  rest: Rest & Pick<PlainRule, 'severity'>,
): PlainRule {
  const name = `${alert}/${rest.severity}`;
  const fixed = promise.rates[0]?.factor ?? 0;
  return rule(alert, selection, ['burn_rate', '>'], { name, fixed, objective: promise, ...rest });
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
  rule('Both', of.byRoute, ['mean_latency', '>'], {
    ...{ fixed: 100 / 1000, also: [condition(['error_ratio', '>'], { fixed: 10 / 100 })] },
    ...{ clear: [condition(['error_ratio', '<'], { fixed: 5 / 100 })], noDataFor: 60_000 },
  }),
  rule('BothTails', of.kept, ['p90_latency', '>'], {
    fixed: 150 / 1000,
    also: [
      condition(['ratio(latency < 200ms)', '<'], { factor: 0.95 }),
      condition(['request_rate', '>'], { fixed: 12 / 60 }),
    ],
    clear: [
      condition(['p50_latency', '<'], { fixed: 250 / 1000 }),
      condition(['request_rate', '<'], { factor: 1.5 }),
    ],
    ...{ windows: 4, minWindows: 1, maxAge: 60_000, for: 10_000, keepFiringFor: 20_000 },
  }),
  rule('Missing', of.withGrace, ['error_ratio', '>'], {
    ...{ fixed: 50 / 100, noData: 'alert', for: 30_000, keepFiringFor: 15_000, context: ['request_rate'] },
  }),
  rule('RollingMissing', of.minutes, ['mean_latency', '>'], {
    ...{
      factor: 1.3,
      windows: 3,
      minWindows: 1,
      maxAge: 300_000,
      noData: 'alert',
      context: ['request_rate'],
    },
  }),
  rule('Resolving', of.byRoute, ['mean_latency', '>'], {
    ...{ fixed: 120 / 1000, for: 10_000, keepFiringFor: 30_000, noData: 'resolve' },
  }),
  rule('Ignoring', of.minute, ['request_rate', '>'], {
    ...{ fixed: 15 / 60, keepFiringFor: 10_000, noData: 'ignore', noDataFor: 60_000 },
  }),
  rule('Before', of.byRoute, ['mean_latency', '>'], {
    ...{ factor: 1.2, windows: 3, minWindows: 1, offset: 60_000, maxAge: 60_000 },
    ...{ context: ['request_rate'], noDataFor: 30_000 },
  }),
  rule('RollingBefore', of.rolling, ['request_count', '>'], {
    ...{ factor: 1.2, windows: 2, minWindows: 1, offset: 95_000, keepFiringFor: 10_000 },
  }),
  rule('Middle', of.kept, ['p50_latency', '>'], {
    ...{ factor: 1, mads: 2, windows: 6, minWindows: 3, median: true, maxAge: 90_000 },
    ...{ context: ['request_rate', 'ratio(latency < 200ms)'], noDataFor: 60_000 },
  }),
  rule('MiddleBefore', of.byRoute, ['request_rate', '<'], {
    ...{ factor: 0.9, mads: -0.5, windows: 5, minWindows: 2, median: true, freeze: false, offset: 120_000 },
    ...{ for: 10_000, context: ['error_ratio', 'request_count'] },
  }),
  rule('VisitMiddle', of.visit, ['request_rate', '>'], {
    ...{ factor: 1, mads: 1, windows: 4, minWindows: 2, median: true },
    ...{ context: ['mean_latency'], noData: 'resolve' },
  }),
  objective(
    'Budget',
    of.budget,
    {
      ...{ target: 90 / 100, sli: null },
      rates: [
        { long: 60_000, short: 30_000, factor: 3 },
        { long: 120_000, short: 20_000, factor: 2.5 },
      ],
    },
    { severity: 'critical', minRequests: 4, context: ['mean_latency'], keepFiringFor: 20_000 },
  ),
  objective(
    'Budget',
    of.slowBudget,
    { target: 90 / 100, sli: null, rates: [{ long: 3_900_000, short: 40_000, factor: 1 }] },
    { severity: 'warning', minRequests: 4, context: ['mean_latency'], keepFiringFor: 20_000 },
  ),
  objective(
    'Fast',
    of.fast,
    {
      ...{ target: 60 / 100, sli: 'ratio(latency < 100ms)' },
      rates: [{ long: 60_000, short: 20_000, factor: 1.2 }],
    },
    { severity: 'warning', for: 10_000, noData: 'resolve' },
  ),
];
