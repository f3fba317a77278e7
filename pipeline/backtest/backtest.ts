import type { Codec } from '../../platform/codec/codec.js';
import { FrameBatch } from '../../platform/log/batch.js';
import type { AlertRecord, WindowRecord } from '../../schemas/types.js';
import { type Aggregate, aggregateFactory } from '../aggregate/aggregate.js';
import { type Evaluate, evaluateFactory } from '../evaluate/evaluate.js';
import type { Expand } from '../model/alert-record.js';
import { classes, type RecordClass } from '../model/block.js';
import { partitionOf } from '../model/murmur2.js';
import type { RuleSet } from '../model/rule.js';
import { metricDecoding, readPartialBatch } from '../stage/decoding.js';
import { type Produced, topics, type Warn } from '../stage/stage.js';
import type { InputLine } from './json-lines.js';

export type BacktestOutput =
  | { readonly type: 'WindowRecord'; readonly key: string; readonly value: WindowRecord }
  | { readonly type: 'AlertRecord'; readonly key: string; readonly value: AlertRecord };

export interface BacktestOptions {
  readonly codec: Codec;
  readonly rules: RuleSet;
  readonly partitions: number;
  readonly expand: Expand;
  readonly warn: Warn;
  readonly emit: (output: BacktestOutput) => void;
  /** Records of a partition that are pushed together. */
  readonly batch?: number;
}

/** The live stages over a log that is handed in record by record: encoded bytes in, windows and alerts out. */
export class Backtest {
  readonly #options: BacktestOptions;
  readonly #aggregates: readonly Aggregate[];
  readonly #evaluate: Evaluate;
  readonly #inputs: readonly FrameBatch[];
  readonly #partials = new FrameBatch();
  #offset = 0;

  constructor(options: BacktestOptions) {
    this.#options = options;
    const { codec, rules, partitions, expand, warn } = options;
    const compile = (): RuleSet => rules;
    const decoding = metricDecoding(codec);
    const aggregate = aggregateFactory({ decoding: () => decoding, compile, targets: 1 });
    this.#aggregates = Array.from({ length: partitions }, (_, partition) =>
      aggregate.create(partition, rules),
    );
    this.#evaluate = evaluateFactory({ read: readPartialBatch(codec), compile, expand, warn }).create(
      0,
      rules,
    );
    this.#inputs = Array.from({ length: partitions }, () => new FrameBatch());
  }

  /** Takes one record, in log order; a watermark without partition goes to all. */
  push({ partition, key, record }: InputLine): void {
    const { partitions, codec } = this.#options;
    const value = codec.encode(record.type, record.value);
    if (record.type === 'Watermark' && partition === null) {
      for (let p = 0; p < partitions; p++) this.#append(p, key, value);
    } else this.#append(partition ?? partitionOf(key, partitions), key, value);
  }

  /** Pushes what is still waiting. */
  finish(): void {
    for (let p = 0; p < this.#inputs.length; p++) this.#run(p);
  }

  /** Records by class, over all partitions. */
  get account(): Readonly<Record<RecordClass, number>> {
    const sum = (code: number): number =>
      this.#aggregates.reduce((total, { account }) => total + (account.totals[code] ?? 0), 0);
    return Object.fromEntries(classes.map((name, code) => [name, sum(code)])) as Record<RecordClass, number>;
  }

  #append(partition: number, key: string, value: Uint8Array): void {
    const input = this.#inputs[partition];
    if (!input)
      throw new RangeError(`partition ${partition} is beyond the ${this.#options.partitions} in use`);
    input.push({ key: Buffer.from(key, 'utf8'), value }, this.#offset++, 0);
    if (input.count >= (this.#options.batch ?? 1000)) this.#run(partition);
  }

  #run(partition: number): void {
    const input = this.#inputs[partition];
    const aggregate = this.#aggregates[partition];
    if (!input || !aggregate || input.count === 0) return;
    input.rewind();
    const partials = aggregate.push(input).filter(({ topic }) => topic === topics.partials);
    input.clear();
    if (partials.length === 0) return;
    this.#partials.clear();
    for (const { record } of partials) {
      this.#partials.push(
        { key: null, value: this.#options.codec.encode(record.type, record.value) },
        this.#offset++,
        0,
      );
    }
    for (const produced of this.#evaluate.push(this.#partials)) this.#emit(produced);
  }

  #emit({ key, record }: Produced): void {
    if (record.type === 'WindowRecord' || record.type === 'AlertRecord') {
      this.#options.emit({ type: record.type, key, value: record.value } as BacktestOutput);
    }
  }
}
