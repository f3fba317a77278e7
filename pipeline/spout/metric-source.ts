/** Something that exposes metrics. */
export interface Target {
  /** The `job` label. */
  readonly name: string;
  readonly url: string;
}

/** One series as a target exposes it; `type`, `count` and `sum` as in a metric record. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: 'cumulative' | 'gauge';
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** Since when it counts, ms since the epoch; null where unknown. */
  readonly created: number | null;
}

export interface Scrape {
  readonly samples: readonly ScrapedSample[];
  /** When the target's process began, ms since the epoch; null where it does not say. */
  readonly processStart: number | null;
  /** The target's own clock, ms since the epoch; null where it does not say. */
  readonly clock: number | null;
}

/** Where metrics come from. */
export interface MetricSource {
  readonly targets: readonly Target[];
  /** Rejects with a message for people when the target is down, slow, or answers something else. */
  scrape(target: Target, signal: AbortSignal): Promise<Scrape>;
}
