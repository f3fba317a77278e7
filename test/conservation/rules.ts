import { createHash } from 'node:crypto';

/** The rules of the property twice: as users write them, and as plain objects for the model. */
export const SLA = `version: 1
defaults: { by: [route], window: 10s }
slas:
  - alert: Slow
    match: '{route!="/none"}'
    when: mean_latency > 150ms
    for: 10s
    labels: { team: a }
  - alert: Slower
    match: '{route!="/none"}'
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 4, min_windows: 2, max_age: 1m }
    context: [request_rate, error_ratio]
    keep_firing_for: 20s
    no_data_for: 30s
  - alert: Failing
    match: '{route!="/none"}'
    when: error_ratio >= 10%
    window: 15s
    grace: 5s
    min_requests: 3
    no_data_for: 1m
    severity: critical
    context: [mean_latency]
  - alert: Quiet
    match: '{route!="/none",status="200"}'
    when: request_rate < 0.8 * baseline
    baseline: { windows: 5, freeze: false }
    for: 10s
  - alert: Busy
    match: '{route!="/none"}'
    by: []
    when: request_rate > 60/m
  - alert: Tail
    match: '{route!="/none"}'
    when: p90_latency > 300ms
    context: [ratio(latency < 200ms)]
    for: 10s
  - alert: Median
    match: '{route!="/none"}'
    when: p50_latency > 1.2 * baseline
    baseline: { windows: 4, min_windows: 2 }
    keep_firing_for: 10s
  - alert: Share
    match: '{route!="/none"}'
    by: []
    when: ratio(latency < 200ms) < 60%
    no_data_for: 1m
  - alert: Shares
    match: '{route!="/none"}'
    when: ratio(latency < 100ms) < 0.8 * baseline
    baseline: { windows: 6, min_windows: 1, freeze: false }
  - alert: Level
    match: 'queue_level{route!="/none"}'
    when: avg > 1.5
    context: [max]
    for: 10s
    min_requests: 2
  - alert: Peak
    match: 'queue_level{route!="/none"}'
    by: []
    window: 15s
    grace: 5s
    when: max > 1.2 * baseline
    baseline: { windows: 3, min_windows: 2, max_age: 1m }
    context: [avg]
    no_data_for: 30s
`;
export const FILE = 'conservation.yaml';
export const METRIC = 'http_request_duration_seconds';

export type Labels = Readonly<Record<string, string>>;
export const GAUGE = 'queue_level';
export type MeasureName =
  | 'mean_latency'
  | 'request_rate'
  | 'error_ratio'
  | 'p50_latency'
  | 'p90_latency'
  | 'ratio(latency < 100ms)'
  | 'ratio(latency < 200ms)'
  | 'avg'
  | 'max';

export interface PlainSelection {
  readonly id: string;
  readonly metric: string;
  readonly buckets: boolean;
  readonly gauge: boolean;
  readonly wants: (labels: Labels) => boolean;
  readonly by: readonly string[];
  readonly window: number;
  readonly grace: number;
}

export interface PlainRule {
  readonly alert: string;
  readonly selection: PlainSelection;
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
  readonly labels: Labels;
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const selection = (
  text: string,
  rest: Pick<PlainSelection, 'wants' | 'by' | 'window' | 'grace'>,
): PlainSelection => ({
  id: sha(text).slice(0, 16),
  metric: text.slice(0, text.indexOf('{')),
  buckets: text.endsWith(' buckets'),
  gauge: text.includes(' gauge by '),
  ...rest,
});

const byRoute = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by (route) 10000 0`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 10_000,
  grace: 0,
});
const withGrace = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by (route) 15000 5000`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 15_000,
  grace: 5000,
});
const good = selection(`${METRIC}{route!="/none",status="200"} errors{status=~"5.."} by (route) 10000 0`, {
  wants: ({ route, status }) => route !== '/none' && status === '200',
  by: ['route'],
  window: 10_000,
  grace: 0,
});
const whole = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by () 10000 0`, {
  wants: ({ route }) => route !== '/none',
  by: [],
  window: 10_000,
  grace: 0,
});

const kept = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by (route) 10000 0 buckets`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 10_000,
  grace: 0,
});
const keptWhole = selection(`${METRIC}{route!="/none"} errors{status=~"5.."} by () 10000 0 buckets`, {
  wants: ({ route }) => route !== '/none',
  by: [],
  window: 10_000,
  grace: 0,
});
const level = selection(`${GAUGE}{route!="/none"} gauge by (route) 10000 0`, {
  wants: ({ route }) => route !== '/none',
  by: ['route'],
  window: 10_000,
  grace: 0,
});
const levels = selection(`${GAUGE}{route!="/none"} gauge by () 15000 5000`, {
  wants: ({ route }) => route !== '/none',
  by: [],
  window: 15_000,
  grace: 5000,
});

/** In order of id, as batches list them. */
export const selections = [byRoute, withGrace, good, whole, kept, keptWhole, level, levels].sort((a, b) =>
  a.id < b.id ? -1 : 1,
);

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
const above = { operator: '>', compare: (value: number, threshold: number) => value > threshold };

const below = { operator: '<', compare: (value: number, threshold: number) => value < threshold };

export const rules: readonly PlainRule[] = [
  {
    ...usual,
    ...above,
    alert: 'Tail',
    selection: kept,
    measure: 'p90_latency',
    fixed: 300 / 1000,
    context: ['ratio(latency < 200ms)'],
    for: 10_000,
  },
  {
    ...usual,
    ...above,
    alert: 'Median',
    selection: kept,
    measure: 'p50_latency',
    factor: 1.2,
    windows: 4,
    minWindows: 2,
    keepFiringFor: 10_000,
  },
  {
    ...usual,
    ...below,
    alert: 'Share',
    selection: keptWhole,
    measure: 'ratio(latency < 200ms)',
    fixed: 60 / 100,
    noDataFor: 60_000,
  },
  {
    ...usual,
    ...below,
    alert: 'Shares',
    selection: kept,
    measure: 'ratio(latency < 100ms)',
    factor: 0.8,
    windows: 6,
    minWindows: 1,
    freeze: false,
  },
  {
    ...usual,
    ...above,
    alert: 'Level',
    selection: level,
    measure: 'avg',
    fixed: 1.5,
    context: ['max'],
    for: 10_000,
    minRequests: 2,
  },
  {
    ...usual,
    ...above,
    alert: 'Peak',
    selection: levels,
    measure: 'max',
    factor: 1.2,
    windows: 3,
    minWindows: 2,
    maxAge: 60_000,
    context: ['avg'],
    noDataFor: 30_000,
  },
  {
    ...usual,
    ...above,
    alert: 'Busy',
    selection: whole,
    measure: 'request_rate',
    fixed: 60 / 60,
  },
  {
    ...usual,
    alert: 'Failing',
    selection: withGrace,
    measure: 'error_ratio',
    operator: '>=',
    compare: (value, threshold) => value >= threshold,
    fixed: 10 / 100,
    minRequests: 3,
    noDataFor: 60_000,
    severity: 'critical',
    context: ['mean_latency'],
  },
  {
    ...usual,
    alert: 'Quiet',
    selection: good,
    ...below,
    measure: 'request_rate',
    factor: 0.8,
    windows: 5,
    minWindows: 3,
    freeze: false,
    for: 10_000,
  },
  {
    ...usual,
    ...above,
    alert: 'Slow',
    selection: byRoute,
    measure: 'mean_latency',
    fixed: 150 / 1000,
    for: 10_000,
    labels: { team: 'a' },
  },
  {
    ...usual,
    ...above,
    alert: 'Slower',
    selection: byRoute,
    measure: 'mean_latency',
    factor: 1.2,
    windows: 4,
    minWindows: 2,
    maxAge: 60_000,
    context: ['request_rate', 'error_ratio'],
    keepFiringFor: 20_000,
    noDataFor: 30_000,
  },
];

export const revision = sha(SLA).slice(0, 12);
export const lineOf = (alert: string): number => SLA.split('\n').indexOf(`  - alert: ${alert}`) + 1;
export const digest = (text: string): string => sha(text).slice(0, 32);

/** `{a="x"}`; no label here needs an escape. Absent labels are left out. */
export const textOf = (labels: Labels): string =>
  `{${Object.keys(labels)
    .sort()
    .filter((name) => labels[name])
    .map((name) => `${name}="${labels[name]}"`)
    .join(',')}}`;
