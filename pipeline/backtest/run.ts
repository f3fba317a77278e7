import type { Codec, Decoder } from '../../platform/codec/codec.js';
import type { LogRecord } from '../../platform/log/event-log.js';
import type { RecordClass } from '../model/block.js';
import type { RuleSet } from '../model/rule.js';
import { type Produced, topics, type Warn } from '../stage/stage.js';
import { Between, type Bounds, isWithin } from './between.js';
import { Coverage } from './coverage.js';
import { type Episode, Episodes } from './episodes.js';
import type { InputLine } from './json-lines.js';
import { Topology } from './topology.js';

/** What takes recorded metrics, in log order within a partition. */
export interface Feed {
  push(line: InputLine): void;
  append(partition: number, record: LogRecord): void;
  /** Pushes what still waits; of one partition, or of all. */
  flush(partition?: number): void;
  /** Up to where a partition has been pushed, ms since the epoch. */
  watermark(partition: number): number;
}

export interface RunOptions {
  readonly rules: RuleSet;
  readonly codec: Codec;
  /** What reads `metrics`, where that is not `codec`. */
  readonly metrics?: Decoder;
  readonly partitions: number;
  readonly limits: { readonly maxSeries: number; readonly maxGroups: number };
  readonly bounds: Bounds;
  readonly warn: Warn;
  /** Takes windows and alerts within the bounds, in order. */
  readonly tell: (produced: Pick<Produced, 'key' | 'record'>) => void;
}

/** One rule file over recorded metrics: what it gives within the bounds, and what that comes to. */
export class Run implements Feed {
  readonly #topology: Topology;
  readonly rules: RuleSet;
  readonly #bounds: Bounds;
  readonly #episodes: Episodes;
  readonly #between: Between;
  readonly coverage: Coverage;
  /** Transitions within the bounds. */
  alerts = 0;

  constructor({ bounds, limits, tell, ...options }: RunOptions) {
    this.rules = options.rules;
    this.#bounds = bounds;
    this.#episodes = new Episodes(options.rules);
    this.coverage = new Coverage(options.rules);
    this.#between = new Between(bounds, (value) => {
      this.alerts++;
      tell({ key: value.fingerprint, record: { type: 'AlertRecord', value } });
    });
    const emit = ({ topic, key, record }: Produced): void => {
      if (topic === topics.windows && record.type === 'WindowRecord') {
        if (record.value.end > bounds.to) return;
        this.coverage.take(record.value);
        this.#episodes.takeWindow(record.value);
        if (isWithin(record.value, bounds)) tell({ key, record });
      } else if (topic === topics.alerts && record.type === 'AlertRecord') {
        if (record.value.windowEnd <= bounds.to) this.#episodes.takeAlert(record.value);
        this.#between.take(record.value);
      }
    };
    this.#topology = new Topology({ ...options, ...limits, emit });
  }

  push(line: InputLine): void {
    this.#topology.push(line);
  }

  append(partition: number, record: LogRecord): void {
    this.#topology.append(partition, record);
  }

  flush(partition?: number): void {
    this.#topology.flush(partition);
  }

  watermark(partition: number): number {
    return this.#topology.watermark(partition);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#topology.flush();
    this.#between.end();
  }

  /** Alerts that fired, without those that were over before the bounds, by time. */
  get episodes(): readonly Episode[] {
    const { from } = this.#bounds;
    return this.#episodes.all.filter(({ until }) => until === null || until > from);
  }

  get account(): Readonly<Record<RecordClass, number>> {
    return this.#topology.account;
  }
}

/** Feeds several at once. */
export const feedAll = (runs: readonly Feed[]): Feed => ({
  push: (line) => {
    for (const run of runs) run.push(line);
  },
  append: (partition, record) => {
    for (const run of runs) run.append(partition, record);
  },
  flush: (partition) => {
    for (const run of runs) run.flush(partition);
  },
  watermark: (partition) => Math.min(...runs.map((run) => run.watermark(partition))),
});
