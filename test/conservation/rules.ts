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
`;
export const FILE = 'conservation.yaml';
export const METRIC = 'http_request_duration_seconds';

export type Labels = Readonly<Record<string, string>>;
export type MeasureName = 'mean_latency' | 'request_rate' | 'error_ratio';

export interface PlainSelection {
  readonly id: string;
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
const selection = (text: string, rest: Omit<PlainSelection, 'id'>): PlainSelection => ({
  id: sha(text).slice(0, 16),
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

/** In order of id, as batches list them. */
export const selections = [byRoute, withGrace, good, whole].sort((a, b) => (a.id < b.id ? -1 : 1));

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

/** In order of name. */
export const rules: readonly PlainRule[] = [
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
    measure: 'request_rate',
    operator: '<',
    compare: (value, threshold) => value < threshold,
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
