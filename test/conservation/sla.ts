import { sha } from './selections.js';

/** The rules of the property as users write them; rules.ts has them as plain objects. */
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
    when: avg > 0.8
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
  - alert: RollingTail
    match: '{route!="/none"}'
    window: 30s
    every: 10s
    when: p90_latency > 1.1 * baseline
    baseline: { windows: 4, min_windows: 2, max_age: 2m }
    context: [ratio(latency < 200ms), request_count]
    for: 10s
  - alert: HourShare
    match: '{route!="/none"}'
    by: []
    window: 1h5m
    every: 1m
    when: ratio(latency < 200ms) < 45%
    baseline: { windows: 2, min_windows: 1 }
    context: [p90_latency]
  - alert: VisitShare
    match: '{route!="/none"}'
    window: { session: 20s, max: 1m, every: 10s }
    when: ratio(latency < 100ms) < 20%
    context: [p50_latency]
    baseline: { windows: 3, min_windows: 1 }
  - alert: RollingPeak
    match: 'queue_level{route!="/none"}'
    by: []
    window: 20s
    every: 5s
    grace: 5s
    when: max > 1.2 * baseline
    baseline: { windows: 3, min_windows: 2, max_age: 1m }
    context: [avg]
    no_data_for: 30s
  - alert: VisitLevel
    match: 'queue_level{route!="/none"}'
    window: { session: 20s, max: 1m, every: 10s }
    when: avg > 1.1 * baseline
    baseline: { windows: 3, min_windows: 1, freeze: false }
    context: [max]
    no_data_for: 2m
`;
export const FILE = 'conservation.yaml';

/** The same, of servers that come in pairs. */
export const slaOf = ({ jitter }: { readonly jitter: boolean }): string =>
  jitter ? `${SLA}jitter: true\n` : SLA;
export const revisionOf = (sla: string): string => sha(sla).slice(0, 12);
export const lineOf = (alert: string): number => SLA.split('\n').indexOf(`  - alert: ${alert}`) + 1;
