/** Rule files of the phases. */
const usual = 'by: [service, route], window: 30s';
const file = (rules: readonly string[]): string =>
  `version: 1\nslas:\n${rules.map((one) => `  - { ${one} }\n`).join('')}`;

/** Compares with a baseline. */
export const RULES = file([
  `alert: LatencyAboveBaseline, ${usual}, when: mean_latency > 1.2 * baseline, baseline: { windows: 10, min_windows: 5 }`,
]);

/** Keeps buckets. */
export const QUANTILE_RULES = file([`alert: P99High, ${usual}, when: p99_latency > 300ms`]);

/** Above which part of a baseline the first of several rules alerts: some do where a group doubles, or none. */
export const SOME_ALERT = 1.2;
export const NONE_ALERTS = 4;

/** So many rules that are computed from the same windows. */
export const sharing = (count: number, least: number): string =>
  file(
    Array.from(
      { length: count },
      (_, i) => `alert: Slow${i}, ${usual}, when: mean_latency > ${(least + i / 100).toFixed(2)} * baseline`,
    ),
  );

/** So many rules, each with windows of its own, over all series. */
export const apart = (count: number): string =>
  file(
    Array.from(
      { length: count },
      (_, i) => `alert: Slow${i}, ${usual}, grace: ${i}ms, when: mean_latency > 1.2 * baseline`,
    ),
  );
