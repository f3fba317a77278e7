import { embeddedCodec } from '../platform/codec/embedded.js';
import type { Output } from '../platform/log/event-log.js';
import { Batches } from './batches.js';
import { type Counted, Meter } from './cost.js';
import { Engine } from './engine.js';
import { rssWithoutGarbage } from './memory.js';
import { type Outcome, Outputs } from './outputs.js';
import { SERIES, Workload, type WorkloadOptions } from './workload.js';

/** So many samples are encoded ahead, which is not counted, then pushed, which is. */
export const AHEAD = 200_000;
/** Share of the records that is pushed before counting begins. */
export const WARM_UP = 0.1;

export interface EngineOptions extends WorkloadOptions {
  /** Text of a rule file. */
  readonly sla: string;
}

/** Counted without the warm-up. */
export interface EngineResult extends Outcome, Counted {
  /** Bytes of keys, values and frames per record. */
  readonly bytesPerRecord: number;
  /** Series with state, over all partitions. */
  readonly series: number;
  /** By how much the resident set grew from before the first record to the end, both without garbage, bytes. */
  readonly rss: number;
}

/** Encoded bytes in, windows and alerts out. All series are known when counting begins. */
export async function runEngineAlone(options: EngineOptions): Promise<EngineResult> {
  const codec = embeddedCodec();
  const workload = new Workload(codec, options);
  const warmUp = Math.max(workload.records * WARM_UP, options.series ?? SERIES);
  const source = new Batches(workload);
  const outputs = new Outputs();
  const emitted: Output[] = [];
  let next = source.take(AHEAD);
  const idle = rssWithoutGarbage();
  const engine = new Engine(codec, { emit: (output) => emitted.push(output), sla: options.sla });
  const meter = new Meter();
  let records = 0;
  let bytes = 0;
  let warmedUpWith = 0;
  for (; next.batches.length > 0; next = source.take(AHEAD)) {
    const { batches, samples } = next;
    const counts = warmedUpWith >= warmUp;
    meter.start();
    for (const { partition, batch } of batches) engine.push(partition, batch);
    if (counts) {
      meter.stop();
      records += samples;
      for (const { batch } of batches) bytes += batch.size;
    } else warmedUpWith += samples;
    for (const { topic, partition, records: values } of emitted.splice(0))
      for (const { value } of values) outputs.add(topic, partition, value);
  }
  const rss = rssWithoutGarbage() - idle;
  const { series } = engine;
  return {
    ...outputs.finish(),
    ...(await meter.cost()),
    ...{ records, series, rss },
    bytesPerRecord: bytes / records,
  };
}
