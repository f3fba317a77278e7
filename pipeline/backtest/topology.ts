import type { Codec, Decoder } from '../../platform/codec/codec.js';
import type { LogRecord } from '../../platform/log/event-log.js';
import { type Aggregate, aggregateFactory } from '../aggregate/aggregate.js';
import { type Evaluate, evaluateFactory } from '../evaluate/evaluate.js';
import { classes, type RecordClass } from '../model/block.js';
import { partitionOf } from '../model/murmur2.js';
import type { RuleSet } from '../model/rule.js';
import { recompile } from '../sla/compile.js';
import { expandTemplate as expand } from '../sla/templates.js';
import { metricDecoding, readPartialBatch } from '../stage/decoding.js';
import { StageDriver } from '../stage/driver.js';
import { type Produced, topics, type Warn } from '../stage/stage.js';
import type { InputLine } from './json-lines.js';

export interface TopologyOptions {
  readonly codec: Codec;
  /** What reads `metrics`, where that is not `codec`. */
  readonly metrics?: Decoder;
  readonly rules: RuleSet;
  /** Partitions of `metrics`. */
  readonly partitions: number;
  /** Partitions of `partials`, and so of windows and alerts. */
  readonly targets?: number;
  readonly warn: Warn;
  /** Takes what comes out: windows, alerts, dead letters. */
  readonly emit: (produced: Produced) => void;
  /** Records of a partition that are pushed together. */
  readonly batch?: number;
  /** Event time between two checkpoints, ms; where it is missing, nothing is kept to begin again from. */
  readonly checkpointEvery?: number;
  /** Cap on series of a partition. */
  readonly maxSeries?: number;
  /** Cap on groups of a selection in a partition. */
  readonly maxGroups?: number;
}

/** The live stages over a log that is handed in record by record: encoded bytes in, records out, at once. */
export class Topology {
  readonly #options: TopologyOptions;
  readonly #aggregates: readonly StageDriver<Aggregate>[];
  readonly #evaluates: readonly StageDriver<Evaluate>[];

  constructor(options: TopologyOptions) {
    this.#options = options;
    const { codec, rules, partitions, targets = 1, warn, maxSeries, maxGroups } = options;
    const checkpointEvery = options.checkpointEvery ?? null;
    const compile = (file: string, text: string): RuleSet =>
      file === rules.file && text === rules.text ? rules : recompile(file, text);
    const decoding = metricDecoding(options.metrics ?? codec);
    const caps = {
      ...(maxSeries === undefined ? {} : { maxSeries }),
      ...(maxGroups === undefined ? {} : { maxGroups }),
    };
    const aggregate = aggregateFactory({ decoding: () => decoding, compile, targets, warn, ...caps });
    const evaluate = evaluateFactory({ read: readPartialBatch(codec), compile, expand, warn });
    this.#aggregates = Array.from(
      { length: partitions },
      (_, partition) => new StageDriver({ factory: aggregate, partition, rules, checkpointEvery }),
    );
    this.#evaluates = Array.from(
      { length: targets },
      (_, partition) => new StageDriver({ factory: evaluate, partition, rules, checkpointEvery }),
    );
  }

  /** Takes one record, in log order; a watermark without partition goes to all. */
  push({ partition, key, record }: InputLine): void {
    const { partitions, codec } = this.#options;
    const encoded = { key: Buffer.from(key, 'utf8'), value: codec.encode(record.type, record.value) };
    if (record.type === 'Watermark' && partition === null) {
      for (let p = 0; p < partitions; p++) this.append(p, encoded);
    } else this.append(partition ?? partitionOf(key, partitions), encoded);
  }

  append(partition: number, record: LogRecord): void {
    const aggregate = this.#aggregates[partition];
    if (!aggregate)
      throw new RangeError(`partition ${partition} is beyond the ${this.#options.partitions} in use`);
    aggregate.append(record);
    if (aggregate.waiting >= (this.#options.batch ?? 1000)) this.flush(partition);
  }

  /** Pushes what still waits; of one partition, or of all. */
  flush(partition?: number): void {
    const chosen =
      partition === undefined ? this.#aggregates : this.#aggregates.slice(partition, partition + 1);
    for (const aggregate of chosen) {
      this.#route(aggregate.run());
      for (const evaluate of this.#evaluates) this.#route(evaluate.run());
    }
  }

  /** Up to where a partition has been pushed, ms since the epoch; -Infinity before its first watermark. */
  watermark(partition: number): number {
    return this.#aggregates[partition]?.stage.watermark ?? Number.NEGATIVE_INFINITY;
  }

  /** All go on by other rules, from here on. */
  takeUp(rules: RuleSet): void {
    this.flush();
    for (const stage of [...this.#aggregates, ...this.#evaluates]) this.#route(stage.takeUp(rules));
  }

  /** Every stage is lost, and begins again from its last checkpoint. */
  crash(): void {
    for (const stage of [...this.#aggregates, ...this.#evaluates]) stage.crash();
  }

  /** Records by class, over all partitions. */
  get account(): Readonly<Record<RecordClass, number>> {
    const sum = (code: number): number =>
      this.#aggregates.reduce((total, { stage }) => total + (stage.account.totals[code] ?? 0), 0);
    return Object.fromEntries(classes.map((name, code) => [name, sum(code)])) as Record<RecordClass, number>;
  }

  #route(all: readonly Produced[]): void {
    for (const produced of all) {
      const { topic, partition, key, record } = produced;
      if (topic !== topics.partials) this.#options.emit(produced);
      else {
        const value = this.#options.codec.encode(record.type, record.value);
        this.#evaluates[partition]?.append({ key: Buffer.from(key), value });
      }
    }
  }
}
