import type { AlertRecord } from '../../schemas/types.js';

export const NOW = 1_700_000_000_000;

/** A record of an alert of one route, which is its fingerprint. */
export const alertOf = (route: string, state: AlertRecord['state'], windowEnd = NOW): AlertRecord => ({
  id: `${route} ${state} ${windowEnd}`,
  fingerprint: route,
  alert: 'Slow',
  state,
  severity: 'warning',
  labels: { alertname: 'Slow', route },
  annotations: {},
  measure: 'mean_latency',
  operator: '>',
  value: 1,
  threshold: 0.5,
  requests: 3,
  windowStart: windowEnd - 10_000,
  windowEnd,
  startsAt: windowEnd,
  endsAt: null,
  baseline: null,
  context: [],
  conditions: [],
  reason: null,
  rule: { file: 'sla.yaml', line: 1, revision: 'r' },
});
