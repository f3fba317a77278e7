import { Topology as Stages } from '../pipeline/backtest/topology.js';
import { partitionOf } from '../pipeline/model/murmur2.js';
import { seriesText } from '../pipeline/model/text.js';
import { METRIC } from '../pipeline/sla/checks.js';
import { recompile } from '../pipeline/sla/compile.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { AlertRecord, DeadLetter, MetricRecord, WindowRecord } from '../schemas/types.js';

export type { AlertRecord, DeadLetter, WindowRecord } from '../schemas/types.js';

const codec = embeddedCodec();

export interface TopologyOptions {
  /** The text of a rule file. */
  readonly sla: string;
  /** What alerts call that file; `sla.yaml` unless you say otherwise. */
  readonly file?: string;
  /** Partitions of the topic `metrics`; 1 unless you say otherwise. */
  readonly partitions?: number;
  /** Partitions of windows and alerts; 1 unless you say otherwise. */
  readonly outputs?: number;
  /** Records of a partition that are pushed together, at most 1000 unless you say otherwise; changes no result. */
  readonly batch?: number;
  /** Event time between two checkpoints, ms; 5 minutes unless you say otherwise. */
  readonly checkpointEvery?: number;
  /** Cap on series of a partition; a million unless you say otherwise. */
  readonly maxSeries?: number;
  /** Cap on groups of a selection in a partition; a hundred thousand unless you say otherwise. */
  readonly maxGroups?: number;
}

/** One sample of one series, cumulative as scraped. Times are ms since the epoch. */
export interface Sample {
  /** `http_request_duration_seconds` unless you say otherwise. */
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When it was scraped. */
  readonly timestamp: number;
  /** Since when the counter counts, where that is known. */
  readonly startTimestamp?: number | null;
  readonly count: number;
  /** s, or the metric's unit; 0 unless you say otherwise. */
  readonly sum?: number;
  /** Of a classic histogram, cumulative, bounds in s or the metric's unit; none unless you say otherwise. */
  readonly buckets?: readonly { readonly le: number; readonly count: number }[];
  /** That of its series unless you say otherwise. */
  readonly partition?: number;
}

/** The value of a gauge when it was scraped, ms since the epoch. */
export interface GaugeSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamp: number;
  readonly value: number;
  /** That of its series unless you say otherwise. */
  readonly partition?: number;
}

/** A record as bytes. */
export interface RawRecord {
  readonly partition?: number;
  readonly key?: string | null;
  readonly value: Uint8Array;
}

/**
 * Rules at work without a broker and without a clock: records go, encoded, through the stages that run
 * live, and time is what the records say. Throws, with every mistake, where the rule file has any.
 */
export const createTopology = (options: TopologyOptions): Topology => new Topology(options);

export class Topology {
  readonly #partitions: number;
  readonly #stages: Stages;
  readonly #file: string;
  readonly #windows: WindowRecord[] = [];
  readonly #alerts: AlertRecord[] = [];
  readonly #deadLetters: DeadLetter[] = [];
  readonly #warnings: string[] = [];

  constructor(options: TopologyOptions) {
    const {
      sla,
      file = 'sla.yaml',
      partitions = 1,
      outputs = 1,
      checkpointEvery = 300_000,
      ...limits
    } = options;
    this.#file = file;
    this.#partitions = partitions;
    this.#stages = new Stages({
      ...limits,
      codec,
      rules: recompile(file, sla),
      partitions,
      targets: outputs,
      warn: (message) => this.#warnings.push(message),
      emit: ({ record }) => this.#collect(codec.encode(record.type, record.value)),
      checkpointEvery,
    });
  }

  /** Appends a sample. */
  metric({
    name = METRIC,
    labels,
    timestamp,
    startTimestamp = null,
    count,
    sum = 0,
    buckets = [],
    partition,
  }: Sample): void {
    const value = { timestamp, startTimestamp, count, sum, buckets, name, labels };
    this.#push({ ...value, type: 'cumulative' }, partition);
  }

  /** Appends the value of a gauge. */
  gauge({ name, labels, timestamp, value, partition }: GaugeSample): void {
    const none = { startTimestamp: null, count: 1, buckets: [] };
    this.#push({ ...none, timestamp, sum: value, name, labels, type: 'gauge' }, partition);
  }

  #push(value: MetricRecord, partition = null as number | null): void {
    const key = seriesText(value.name, value.labels);
    this.#stages.push({ partition, key, record: { type: 'MetricRecord', value } });
  }

  /** Appends the promise that nothing older comes from the source: to all partitions, or to one. */
  watermark(source: string, timestamp: number, partition?: number): void {
    const value = { timestamp, source, partitions: this.#partitions };
    this.#stages.push({ partition: partition ?? null, key: source, record: { type: 'Watermark', value } });
  }

  /** Appends bytes as they are; to the partition of the key unless you say otherwise. */
  raw({ key = null, value, partition = partitionOf(key ?? '', this.#partitions) }: RawRecord): void {
    this.#stages.append(partition, { key: key === null ? null : Buffer.from(key), value });
  }

  /** Pushes what was appended through the stages; whoever asks for a result need not. */
  flush(partition?: number): void {
    this.#stages.flush(partition);
  }

  /** Goes on with another rule file. */
  rules(sla: string): void {
    this.#stages.takeUp(recompile(this.#file, sla));
  }

  /** Kills every stage, and starts it again: from its last checkpoint, with a replay. Changes no result. */
  crash(): void {
    this.#stages.crash();
  }

  /** Every window that closed, in order. */
  windows(): readonly WindowRecord[] {
    this.flush();
    return this.#windows;
  }

  /** Every transition of every alert, in order. */
  alerts(): readonly AlertRecord[] {
    this.flush();
    return this.#alerts;
  }

  /** Every record that was not, or not wholly, used. */
  deadLetters(): readonly DeadLetter[] {
    this.flush();
    return this.#deadLetters;
  }

  /** How many records there were of each class. */
  account(): Readonly<Record<string, number>> {
    this.flush();
    return this.#stages.account;
  }

  /** What the stages warned of. */
  warnings(): readonly string[] {
    this.flush();
    return this.#warnings;
  }

  /** As a reader of the log would see it. */
  #collect(bytes: Uint8Array): void {
    // A copy: a dead letter holds parts of it.
    const { type, value } = codec.decode(Buffer.from(bytes));
    if (type === 'WindowRecord') this.#windows.push(value);
    else if (type === 'AlertRecord') this.#alerts.push(value);
    else if (type === 'DeadLetter') this.#deadLetters.push(value);
  }
}
