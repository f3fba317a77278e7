import { expect, test } from 'vitest';
import { ruleText, type ToldRule } from './rule-text.js';

const fixed = (measure: string, operator: string, value: number): ToldRule['condition'] => ({
  ...{ measure, operator, threshold: { kind: 'fixed', value } },
});
const rule: ToldRule = {
  ...{ condition: fixed('mean_latency', '>', 0.3), also: [], clear: null, objective: null },
  ...{ baseline: { method: 'mean', offset: 0 }, noData: 'keep', for: 0 },
};
const compared = (factor: number, mads: number): ToldRule['condition'] => ({
  ...{ measure: 'mean_latency', operator: '>', threshold: { kind: 'baseline', factor, mads } },
});
const [MINUTE, HOUR] = [60_000, 3_600_000];
const rates = [
  { long: HOUR, short: 5 * MINUTE, factor: 14.4 },
  { long: 6 * HOUR, short: 30 * MINUTE, factor: 6 },
];

test.each<[Partial<ToldRule>, string]>([
  [{}, 'mean_latency > 300ms'],
  [{ for: 90_000, noData: 'alert' }, 'mean_latency > 300ms for 1m30s, or no data'],
  [
    { also: [fixed('error_ratio', '>', 0.01)], clear: [fixed('mean_latency', '<', 0.2)] },
    'mean_latency > 300ms and error_ratio > 1%, cleared by mean_latency < 200ms',
  ],
  [{ condition: compared(1.2, 0) }, 'mean_latency > 1.2 x baseline'],
  [
    { condition: compared(1, 3), baseline: { method: 'median', offset: 24 * HOUR } },
    'mean_latency > baseline + 3 x mad, the median, 1d before',
  ],
  [
    { objective: { target: 0.999, sli: null, rates } },
    'objective 99.9%: burn > 14.4x over 1h and 5m, or > 6x over 6h and 30m',
  ],
  [
    { objective: { target: 0.99, sli: 'ratio(latency < 300ms)', rates: rates.slice(0, 1) } },
    'objective 99% of ratio(latency < 300ms): burn > 14.4x over 1h and 5m',
  ],
  [{ condition: fixed('of_a_newer_version', '<', 1.23456) }, 'of_a_newer_version < 1.23'],
])('%j reads as %s', (more, text) => {
  expect(ruleText({ ...rule, ...more })).toBe(text);
});
