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
  /** `SERIES` unless said otherwise; in as many groups. */
  readonly series?: number;
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
/** What one scrape appends to one partition: samples, then a watermark. */
export interface PartitionScrape {
  readonly partition: number;
  /** When it was scraped, ms since the epoch: that of the watermark. */
  readonly at: number;
  readonly records: readonly LogRecord[];
  /** Metric records among them. */
  readonly samples: number;
}

/** A record on its way to the log. */
interface Appended {
  readonly partition: number;
  readonly record: LogRecord;
  /** Whether it is a metric record, not a watermark. */
  readonly sample: boolean;
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
  /** In columns, so that a million series are no million objects beside what is measured. */
  readonly #count: Float64Array;
  readonly #sum: Float64Array;
  readonly #buckets: Float64Array;
  readonly #sequence: Int32Array;
  readonly #slowUntil = new Int32Array(GROUPS);
  #scrape = 0;

  constructor(
    readonly codec: Codec,
    readonly options: WorkloadOptions,
  ) {
    const { seed, records, series = SERIES } = options;
    this.scrapes = Math.ceil(records / series);
    this.records = this.scrapes * series;
    this.end = FIRST_SCRAPE + (this.scrapes - 1) * SCRAPE_EVERY;
    this.lastWindow = Math.floor(this.end / WINDOW) * WINDOW;
    this.closing = FIRST_SCRAPE + Math.ceil((this.lastWindow - FIRST_SCRAPE) / SCRAPE_EVERY) * SCRAPE_EVERY;
    this.#random = seededRandom(seed);
    this.#sequence = Int32Array.from({ length: series }, (_, i) => i);
    this.#count = new Float64Array(series);
    this.#sum = new Float64Array(series);
    this.#buckets = new Float64Array(series * BOUNDS.length);
  }

  /** What the next scrape appends, by partition; null after the last one. */
  next(): readonly PartitionScrape[] | null {
    if (this.#scrape === this.scrapes) return null;
    const at = FIRST_SCRAPE + this.#scrape * SCRAPE_EVERY;
    const parts = Array.from({ length: PARTITIONS }, () => ({ records: [] as LogRecord[], samples: 0 }));
    for (const { partition, record, sample } of this.#next()) {
      const part = parts[partition];
      part?.records.push(record);
      if (part && sample) part.samples++;
    }
    return parts.map((part, partition) => ({ partition, at, ...part }));
  }

  /** Record by record, all that is left. */
  *appended(): Generator<Appended> {
    while (this.#scrape < this.scrapes) yield* this.#next();
  }

  *#next(): Generator<Appended> {
    const scrape = this.#scrape++;
    const at = FIRST_SCRAPE + scrape * SCRAPE_EVERY;
    // As a spout begins: where it left off, so that its first samples are not ahead of everything.
    if (scrape === 0) yield* this.#watermarks(STARTED);
    for (let group = 0; group < GROUPS; group++) {
      if (this.#random() < SLOW_SHARE) this.#slowUntil[group] = scrape + SLOW_SCRAPES;
    }
    if (this.options.order === 'shuffled') shuffle(this.#sequence, this.#random);
    for (const i of this.#sequence) {
      this.#advance(i, scrape);
      const labels = labelsOf(i);
      const text = seriesText(NAME, labels);
      const record = { key: Buffer.from(text), value: this.#encode(i, { labels, timestamp: at }) };
      yield { partition: partitionOf(text, PARTITIONS), record, sample: true };
    }
    yield* this.#watermarks(at);
  }

  #advance(i: number, scrape: number): void {
    const group = i % GROUPS;
    const requests = 1 + Math.floor(this.#random() * 20);
    const usual = 0.02 + (group % 10) * 0.01;
    const slow = scrape < (this.#slowUntil[group] ?? 0) ? 2 : 1;
    const mean = usual * slow * (0.95 + 0.1 * this.#random());
    this.#count[i] = (this.#count[i] ?? 0) + requests;
    this.#sum[i] = (this.#sum[i] ?? 0) + requests * mean;
    for (const [bucket, le] of BOUNDS.entries()) {
      const at = i * BOUNDS.length + bucket;
      this.#buckets[at] = (this.#buckets[at] ?? 0) + Math.round(requests * (1 - Math.exp(-le / mean)));
    }
  }

  #encode(i: number, { labels, timestamp }: { labels: Labels; timestamp: number }): Buffer {
    return this.codec.encode('MetricRecord', {
      timestamp,
      startTimestamp: STARTED,
      count: this.#count[i] ?? 0,
      sum: this.#sum[i] ?? 0,
      buckets: BOUNDS.map((le, bucket) => ({ le, count: this.#buckets[i * BOUNDS.length + bucket] ?? 0 })),
      name: NAME,
      labels,
      type: 'cumulative',
    });
  }

  *#watermarks(timestamp: number): Generator<Appended> {
    const value = this.codec.encode('Watermark', { timestamp, source: 'bench', partitions: PARTITIONS });
    const record = { key: Buffer.from('bench'), value };
    for (let partition = 0; partition < PARTITIONS; partition++) yield { partition, record, sample: false };
  }
}

type Labels = Record<string, string>;

function labelsOf(i: number): Labels {
  const group = i % GROUPS;
  const instance = Math.floor(i / GROUPS);
  return {
    instance: `10.${instance >> 16}.${(instance >> 8) & 255}.${instance & 255}:9100`,
    method: 'GET',
    route: `/api/v1/things/:id/part-${group % 10}`,
    service: `service-${Math.floor(group / 10)}`,
    status: '200',
  };
}
