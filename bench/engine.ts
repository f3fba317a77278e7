import { type Aggregate, aggregateFactory } from '../pipeline/aggregate/aggregate.js';
import { type Evaluate, evaluateFactory } from '../pipeline/evaluate/evaluate.js';
import { recompile } from '../pipeline/sla/compile.js';
import { expandTemplate } from '../pipeline/sla/templates.js';
import { metricDecoding, readPartialBatch } from '../pipeline/stage/decoding.js';
import { encodeOutputs } from '../pipeline/stage/encode.js';
import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import { FrameBatch } from '../platform/log/batch.js';
import type { Output } from '../platform/log/event-log.js';
import { PARTITIONS } from './workload.js';

interface EngineOptions {
  /** What goes to any topic but `partials`. */
  readonly emit: (output: Output) => void;
  /** Text of a rule file. */
  readonly sla: string;
}

/** Both stages on all partitions in one process, without a log: encoded bytes in, encoded bytes out. */
export class Engine {
  readonly #aggregates: readonly Aggregate[];
  readonly #evaluates: readonly Evaluate[];
  readonly #partials = new FrameBatch();
  readonly #emit: EngineOptions['emit'];
  #offset = 0;

  constructor(
    readonly codec: Codec,
    { emit, sla }: EngineOptions,
  ) {
    this.#emit = emit;
    const decoding = metricDecoding(codec);
    const rules = recompile('sla.yaml', sla);
    const aggregate = aggregateFactory({
      decoding: () => decoding,
      compile: recompile,
      targets: PARTITIONS,
    });
    const evaluate = evaluateFactory({
      read: readPartialBatch(codec),
      compile: recompile,
      expand: expandTemplate,
      warn: (message) => {
        throw new Error(message);
      },
    });
    const all = [...Array(PARTITIONS).keys()];
    this.#aggregates = all.map((partition) => aggregate.create(partition, rules));
    this.#evaluates = all.map((partition) => evaluate.create(partition, rules));
  }

  /** Series with state, over all partitions. */
  get series(): number {
    return this.#aggregates.reduce((sum, { seriesCount }) => sum + seriesCount, 0);
  }

  push(partition: number, batch: FrameBatch): void {
    const produced = this.#aggregates[partition]?.push(batch) ?? [];
    if (produced.length === 0) return;
    for (const output of encodeOutputs(this.codec, produced)) {
      if (output.topic === topics.partials) this.#evaluate(output);
      else this.#emit(output);
    }
  }

  #evaluate({ partition, records }: Output): void {
    const partials = this.#partials;
    partials.clear();
    for (const record of records) partials.push(record, this.#offset++, 0);
    const produced = this.#evaluates[partition]?.push(partials) ?? [];
    for (const output of encodeOutputs(this.codec, produced)) this.#emit(output);
  }
}
