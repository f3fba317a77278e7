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
  - alert: Both
    match: '{route!="/none"}'
    when: [mean_latency > 100ms, error_ratio > 10%]
    clear: error_ratio < 5%
    no_data_for: 1m
  - alert: BothTails
    match: '{route!="/none"}'
    when:
      - p90_latency > 150ms
      - ratio(latency < 200ms) < 0.95 * baseline
      - request_rate > 12/m
    clear: [p50_latency < 250ms, request_rate < 1.5 * baseline]
    baseline: { windows: 4, min_windows: 1, max_age: 1m }
    for: 10s
    keep_firing_for: 20s
  - alert: Missing
    match: '{route!="/none"}'
    window: 15s
    grace: 5s
    when: error_ratio > 50%
    context: [request_rate]
    no_data: alert
    for: 30s
    keep_firing_for: 15s
  - alert: RollingMissing
    match: '{route!="/none"}'
    window: 2m
    every: 1m
    when: mean_latency > 1.3 * baseline
    baseline: { windows: 3, min_windows: 1, max_age: 5m }
    context: [request_rate]
    no_data: alert
  - alert: Resolving
    match: '{route!="/none"}'
    when: mean_latency > 120ms
    no_data: resolve
    for: 10s
    keep_firing_for: 30s
  - alert: Ignoring
    match: '{route!="/none"}'
    window: 1m
    when: request_rate > 15/m
    no_data: ignore
    no_data_for: 1m
    keep_firing_for: 10s
  - alert: Before
    match: '{route!="/none"}'
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 3, min_windows: 1, offset: 1m, max_age: 1m }
    context: [request_rate]
    no_data_for: 30s
  - alert: RollingBefore
    match: '{route!="/none"}'
    window: 30s
    every: 10s
    when: request_count > 1.2 * baseline
    baseline: { windows: 2, min_windows: 1, offset: 1m35s }
    keep_firing_for: 10s
  - alert: Middle
    match: '{route!="/none"}'
    when: p50_latency > baseline + 2 * mad
    baseline: { windows: 6, method: median, max_age: 1m30s }
    context: [request_rate, ratio(latency < 200ms)]
    no_data_for: 1m
  - alert: MiddleBefore
    match: '{route!="/none"}'
    when: request_rate < 0.9 * baseline - 0.5 * mad
    baseline: { windows: 5, min_windows: 2, method: median, offset: 2m, freeze: false }
    context: [error_ratio, request_count]
    for: 10s
  - alert: VisitMiddle
    match: '{route!="/none"}'
    window: { session: 20s, max: 1m, every: 10s }
    when: request_rate > baseline + mad
    baseline: { windows: 4, min_windows: 2, method: median }
    context: [mean_latency]
    no_data: resolve
  - alert: Budget
    match: '{route!="/none"}'
    objective: 90%
    burn_rate:
      - { long: 1m, short: 30s, factor: 3, severity: critical }
      - { long: 1h5m, short: 40s, factor: 1, severity: warning }
      - { long: 2m, short: 20s, factor: 2.5, severity: critical }
    min_requests: 4
    context: [mean_latency]
    keep_firing_for: 20s
  - alert: Fast
    match: '{route!="/none"}'
    by: []
    objective: 60%
    sli: latency < 100ms
    burn_rate: [{ long: 1m, short: 20s, factor: 1.2 }]
    for: 10s
    no_data: resolve
`;
export const FILE = 'conservation.yaml';

/** The same, of servers that come in pairs. */
export const slaOf = ({ jitter }: { readonly jitter: boolean }): string =>
  jitter ? `${SLA}jitter: true\n` : SLA;
export const revisionOf = (sla: string): string => sha(sla).slice(0, 12);
export const lineOf = (alert: string): number => SLA.split('\n').indexOf(`  - alert: ${alert}`) + 1;
