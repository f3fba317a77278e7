import avro from 'avsc';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { schemaOf } from '../schemas/index.js';
import { Batches } from './batches.js';
import { type Counted, Meter } from './cost.js';
import { AHEAD } from './engine-alone.js';
import { Workload, type WorkloadOptions } from './workload.js';

const FRAME = 5;

/** A loop that decodes some of the same values with avsc and does nothing else: what others are held against. */
export async function runAvscAlone(options: WorkloadOptions): Promise<Counted> {
  const codec = embeddedCodec();
  const type = avro.Type.forSchema(schemaOf('MetricRecord') as avro.Schema);
  const id = codec.idOf('MetricRecord');
  const { batches } = new Batches(new Workload(codec, { ...options, records: AHEAD })).take(AHEAD);
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
  return { records, ...(await meter.cost()) };
}
