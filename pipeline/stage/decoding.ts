import { CodecError, type Decoded, type Decoder } from '../../platform/codec/codec.js';
import { compileMetricReader } from '../../platform/codec/metric-reader.js';
import type { MetricRecord, PartialBatch } from '../../schemas/types.js';
import { fromRecord } from '../model/buckets.js';
import type { MetricDecoding, MetricReader, RawBuckets } from '../model/cursor.js';

const FRAME = 5;

/** How *aggregate* reads metrics: by a reader made for the writer's schema, else through the codec. */
export function metricDecoding(codec: Decoder): MetricDecoding {
  const readers = new Map<number, MetricReader>();
  return {
    metricReader: (id) => {
      const type = codec.typeOf(id);
      if (type !== 'MetricRecord') return type === undefined ? undefined : null;
      const known = readers.get(id);
      if (known) return known;
      const schema = codec.writerSchema(id);
      const special = schema === undefined ? null : compileMetricReader(schema);
      const reader = special ?? new CodecReader(codec);
      readers.set(id, reader);
      return reader;
    },
    identity: (value) => {
      const decoded = codec.decode(value);
      if (decoded.type !== 'MetricRecord')
        throw new CodecError('Invalid', `${decoded.type} is no metric record`);
      return decoded.value;
    },
    other: (value) => {
      const decoded = decodeOr(codec, value);
      if (typeof decoded === 'string') return decoded;
      if (decoded.type === 'StageState') return null;
      return decoded.type === 'Watermark'
        ? decoded.value
        : `a ${decoded.type} does not belong into this topic`;
    },
  };
}

/** How *evaluate* reads partials. */
export function readPartialBatch(codec: Decoder): (value: Uint8Array) => PartialBatch | null | string {
  return (value) => {
    const decoded = decodeOr(codec, value);
    if (typeof decoded === 'string') return decoded;
    if (decoded.type === 'StageState') return null;
    return decoded.type === 'PartialBatch'
      ? decoded.value
      : `a ${decoded.type} does not belong into this topic`;
  };
}

function decodeOr(codec: Decoder, value: Uint8Array): Decoded | string {
  try {
    return codec.decode(value);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Any schema that the specialised reader does not fit. */
class CodecReader implements MetricReader {
  timestamp = 0;
  startTimestamp = Number.NaN;
  count = 0;
  sum = 0;
  gauge = false;
  #buckets: MetricRecord['buckets'] = [];

  constructor(readonly codec: Decoder) {}

  read(bytes: Buffer, start: number, end: number): boolean {
    const decoded = decodeOr(this.codec, bytes.subarray(start - FRAME, end));
    if (typeof decoded === 'string' || decoded.type !== 'MetricRecord') return false;
    this.timestamp = decoded.value.timestamp;
    this.startTimestamp = decoded.value.startTimestamp ?? Number.NaN;
    this.count = decoded.value.count;
    this.sum = decoded.value.sum;
    this.gauge = decoded.value.type === 'gauge';
    this.#buckets = decoded.value.buckets;
    return true;
  }

  bucketsAt(): boolean {
    return false;
  }

  buckets(): RawBuckets {
    return { ...fromRecord(this.#buckets), length: this.#buckets.length };
  }
}
