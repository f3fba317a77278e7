import avro from 'avsc';
import { embeddedCodec } from '../platform/codec/embedded.js';
import type { Output } from '../platform/log/event-log.js';
import { schemaOf } from '../schemas/index.js';
import { type Batched, Batches } from './batches.js';
import { type Counted, Meter } from './cost.js';
import { Engine } from './engine.js';
import { type Outcome, Outputs } from './outputs.js';
import { Workload, type WorkloadOptions } from './workload.js';

/** So many scrapes are encoded ahead, which is not counted, then pushed, which is. */
const SCRAPES_AHEAD = 100;
/** Share of the records that is pushed before counting begins. */
export const WARM_UP = 0.1;
const FRAME = 5;

/** Counted without the warm-up. */
export interface EngineResult extends Outcome, Counted {
  /** Bytes of keys, values and frames per record. */
  readonly bytesPerRecord: number;
  /** A loop that decodes the same values with avsc and does nothing else, over as much as it says. */
  readonly avsc: Counted;
}

/** Encoded bytes in, windows and alerts out. */
export function runEngineAlone(options: WorkloadOptions): EngineResult {
  const codec = embeddedCodec();
  const workload = new Workload(codec, options);
  const source = new Batches(workload);
  const emitted: Output[] = [];
  const engine = new Engine(codec, (output) => emitted.push(output));
  const meter = new Meter();
  let records = 0;
  let bytes = 0;
  let last: readonly Batched[] = [];
  let warmedUpWith = 0;
  for (;;) {
    const { batches, samples } = source.take(SCRAPES_AHEAD);
    if (batches.length === 0) break;
    meter.start();
    for (const { partition, batch } of batches) engine.push(partition, batch);
    if (warmedUpWith < workload.records * WARM_UP) {
      warmedUpWith += samples;
      continue;
    }
    meter.stop();
    records += samples;
    for (const { batch } of batches) bytes += batch.size;
    last = batches;
  }
  const outputs = new Outputs();
  for (const { topic, partition, records: values } of emitted) {
    for (const { value } of values) outputs.add(topic, partition, value);
  }
  return {
    ...outputs.finish(),
    ...meter.cost,
    records,
    bytesPerRecord: bytes / records,
    avsc: decodeWithAvsc(last),
  };
}

function decodeWithAvsc(batches: readonly Batched[]): EngineResult['avsc'] {
  const type = avro.Type.forSchema(schemaOf('MetricRecord') as avro.Schema);
  const id = embeddedCodec().idOf('MetricRecord');
  const once = (): number => {
    let records = 0;
    for (const { batch } of batches) {
      batch.rewind();
      while (batch.advance()) {
        if (batch.bytes.readUInt32BE(batch.valueStart + 1) !== id) continue;
        type.decode(batch.bytes, batch.valueStart + FRAME);
        records++;
      }
    }
    return records;
  };
  once();
  const meter = new Meter();
  meter.start();
  const records = once();
  meter.stop();
  return { records, ...meter.cost };
}
