import { partitionOf } from '../pipeline/model/murmur2.js';
import { seriesText } from '../pipeline/model/text.js';
import type { Codec } from '../platform/codec/codec.js';
import type { LogRecord } from '../platform/log/event-log.js';
import { seededRandom, shuffle } from './random.js';

/** Whether the series of a scrape come in the same order each time, as they do, or in another one. */
export type Order = 'fixed' | 'shuffled';

export interface WorkloadOptions {
  readonly seed: number;
  readonly order: Order;
  /** Metric records in all; rounded up to whole scrapes. */
  readonly records: number;
}

export const PARTITIONS = 4;
export const SERIES = 2_000;
export const GROUPS = 200;
/** ms */
export const SCRAPE_EVERY = 5_000;
/** Scrapes do not meet window boundaries: one interval in six is split over two windows, ms. */
const FIRST_SCRAPE = 1_700_000_001_300;
const STARTED = FIRST_SCRAPE - SCRAPE_EVERY;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, Number.POSITIVE_INFINITY];
/** How likely a group turns slow at a scrape, and for how many scrapes it stays so. */
const SLOW_SHARE = 0.000_5;
const SLOW_SCRAPES = 18;

/** ms */
const WINDOW = 30_000;
export const RULES = `version: 1
slas:
  - alert: LatencyAboveBaseline
    by: [service, route]
    window: ${WINDOW / 1000}s
    when: mean_latency > 1.2 * baseline
    baseline: { windows: 10, min_windows: 5 }
`;

/** What one scrape appends to one partition: samples, then a watermark. */
export interface PartitionScrape {
  readonly partition: number;
  /** When it was scraped, ms since the epoch: that of the watermark. */
  readonly at: number;
  readonly records: readonly LogRecord[];
  /** Metric records among them. */
  readonly samples: number;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly key: Buffer;
  readonly partition: number;
  readonly group: number;
  readonly buckets: { le: number; count: number }[];
  count: number;
  sum: number;
}

const NAME = 'http_request_duration_seconds';

/** Cumulative samples of request histograms as a spout writes them: the same bytes for the same seed. */
export class Workload {
  readonly scrapes: number;
  readonly records: number;
  /** Watermark of the last scrape, ms since the epoch. */
  readonly end: number;
  /** Watermark that closes the last window: the one that evaluating ends at. */
  readonly closing: number;
  /** End of the last window, ms since the epoch. */
  readonly lastWindow: number;
  readonly #random: () => number;
  readonly #series: readonly Series[];
  readonly #sequence = Int32Array.from({ length: SERIES }, (_, i) => i);
  readonly #slowUntil = new Int32Array(GROUPS);
  #scrape = 0;

  constructor(
    readonly codec: Codec,
    readonly options: WorkloadOptions,
  ) {
    this.scrapes = Math.ceil(options.records / SERIES);
    this.records = this.scrapes * SERIES;
    this.end = FIRST_SCRAPE + (this.scrapes - 1) * SCRAPE_EVERY;
    this.lastWindow = Math.floor(this.end / WINDOW) * WINDOW;
    this.closing = FIRST_SCRAPE + Math.ceil((this.lastWindow - FIRST_SCRAPE) / SCRAPE_EVERY) * SCRAPE_EVERY;
    this.#random = seededRandom(options.seed);
    this.#series = Array.from({ length: SERIES }, (_, i) => series(i));
  }

  /** What the next scrape appends, by partition; null after the last one. */
  next(): readonly PartitionScrape[] | null {
    if (this.#scrape === this.scrapes) return null;
    const scrape = this.#scrape++;
    const at = FIRST_SCRAPE + scrape * SCRAPE_EVERY;
    const parts: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
    // As a spout begins: where it left off, so that its first samples are not ahead of everything.
    if (scrape === 0) this.#watermark(parts, STARTED);
    const before = parts.map((part) => part.length);
    for (let group = 0; group < GROUPS; group++) {
      if (this.#random() < SLOW_SHARE) this.#slowUntil[group] = scrape + SLOW_SCRAPES;
    }
    if (this.options.order === 'shuffled') shuffle(this.#sequence, this.#random);
    for (const i of this.#sequence) {
      const one = this.#series[i] as Series;
      this.#advance(one, scrape);
      parts[one.partition]?.push({ key: one.key, value: this.#encode(one, at) });
    }
    const samples = parts.map((part, partition) => part.length - (before[partition] ?? 0));
    this.#watermark(parts, at);
    return parts.map((records, partition) => ({ partition, at, records, samples: samples[partition] ?? 0 }));
  }

  #advance(one: Series, scrape: number): void {
    const requests = 1 + Math.floor(this.#random() * 20);
    const usual = 0.02 + (one.group % 10) * 0.01;
    const slow = scrape < (this.#slowUntil[one.group] ?? 0) ? 2 : 1;
    const mean = usual * slow * (0.95 + 0.1 * this.#random());
    one.count += requests;
    one.sum += requests * mean;
    for (const bucket of one.buckets)
      bucket.count += Math.round(requests * (1 - Math.exp(-bucket.le / mean)));
  }

  #encode({ count, sum, buckets, labels }: Series, timestamp: number): Buffer {
    return this.codec.encode('MetricRecord', {
      timestamp,
      startTimestamp: STARTED,
      count,
      sum,
      buckets,
      name: NAME,
      labels: labels as Record<string, string>,
      type: 'cumulative',
    });
  }

  #watermark(parts: readonly LogRecord[][], timestamp: number): void {
    const value = this.codec.encode('Watermark', { timestamp, source: 'bench', partitions: PARTITIONS });
    for (const part of parts) part.push({ key: Buffer.from('bench'), value });
  }
}

function series(i: number): Series {
  const group = i % GROUPS;
  const labels = {
    instance: `10.0.0.${Math.floor(i / GROUPS)}:9100`,
    method: 'GET',
    route: `/api/v1/things/:id/part-${group % 10}`,
    service: `service-${Math.floor(group / 10)}`,
    status: '200',
  };
  const text = seriesText(NAME, labels);
  return {
    labels,
    key: Buffer.from(text),
    partition: partitionOf(text, PARTITIONS),
    group,
    buckets: BOUNDS.map((le) => ({ le, count: 0 })),
    count: 0,
    sum: 0,
  };
}
