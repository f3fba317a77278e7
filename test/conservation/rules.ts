import {
  byRoute,
  day,
  good,
  hour,
  type Labels,
  type PlainSelection,
  rolling,
  rollingErrors,
  sha,
  visit,
  visits,
  whole,
  withGrace,
} from './selections.js';

/** The rules of the property twice: as users write them, and as plain objects for the model. */
const SLA = `version: 1
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
  - alert: Rolling
    match: '{route!="/none"}'
    window: 30s
    every: 10s
    when: mean_latency > 1.1 * baseline
    baseline: { windows: 3, min_windows: 1, max_age: 2m }
    context: [request_rate]
    for: 20s
    no_data_for: 40s
  - alert: RollingErrors
    match: '{route!="/none"}'
    window: 20s
    every: 5s
    grace: 5s
    when: error_ratio > 20%
    keep_firing_for: 10s
  - alert: Hour
    match: '{route!="/none"}'
    window: 1h5m
    every: 1m
    when: request_rate > 1.2 * baseline
    baseline: { windows: 2, min_windows: 1 }
    context: [mean_latency]
  - alert: Day
    match: '{route!="/none"}'
    window: 1d1h
    every: 2m30s
    when: request_rate > 1/h
  - alert: Visit
    match: '{route!="/none"}'
    window: { session: 20s, max: 1m, every: 10s }
    when: mean_latency > 1.1 * baseline
    baseline: { windows: 3, min_windows: 2, max_age: 5m }
    context: [request_rate]
    no_data_for: 2m
  - alert: Visits
    match: '{route!="/none"}'
    by: []
    window: { session: 15s, every: 5s }
    when: error_ratio > 10%
    for: 30s
`;
export const FILE = 'conservation.yaml';
export type MeasureName = 'mean_latency' | 'request_rate' | 'error_ratio';

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
    ...above,
    alert: 'Day',
    selection: day,
    measure: 'request_rate',
    fixed: 1 / 3600,
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
    ...above,
    alert: 'Hour',
    selection: hour,
    measure: 'request_rate',
    factor: 1.2,
    windows: 2,
    minWindows: 1,
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
    alert: 'Rolling',
    selection: rolling,
    measure: 'mean_latency',
    factor: 1.1,
    windows: 3,
    minWindows: 1,
    maxAge: 120_000,
    context: ['request_rate'],
    for: 20_000,
    noDataFor: 40_000,
  },
  {
    ...usual,
    ...above,
    alert: 'RollingErrors',
    selection: rollingErrors,
    measure: 'error_ratio',
    fixed: 20 / 100,
    keepFiringFor: 10_000,
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
  {
    ...usual,
    ...above,
    alert: 'Visit',
    selection: visit,
    measure: 'mean_latency',
    factor: 1.1,
    windows: 3,
    minWindows: 2,
    maxAge: 300_000,
    context: ['request_rate'],
    noDataFor: 120_000,
  },
  {
    ...usual,
    ...above,
    alert: 'Visits',
    selection: visits,
    measure: 'error_ratio',
    fixed: 10 / 100,
    for: 30_000,
  },
];

/** The same, of servers that come in pairs. */
export const slaOf = ({ jitter }: { readonly jitter: boolean }): string =>
  jitter ? `${SLA}jitter: true\n` : SLA;
export const revisionOf = (sla: string): string => sha(sla).slice(0, 12);
export const lineOf = (alert: string): number => SLA.split('\n').indexOf(`  - alert: ${alert}`) + 1;
export const digest = (text: string): string => sha(text).slice(0, 32);
