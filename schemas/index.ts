import { readFileSync } from 'node:fs';
import type { RecordTypes } from './types.js';

/** The Avro records of the product, by their name without namespace. */
export type RecordName = keyof RecordTypes;

/** Files by record name. The order gives the embedded ids (from 1), so it only ever grows at the end. */
const files: Readonly<Record<RecordName, string>> = {
  MetricRecord: 'metric-record',
  Watermark: 'watermark',
  PartialBatch: 'partial-batch',
  WindowRecord: 'window-record',
  AlertRecord: 'alert-record',
  StageState: 'stage-state',
  RulesRevision: 'rules-revision',
  DeadLetter: 'dead-letter',
  VideoJob: 'video-job',
  VideoEvent: 'video-event',
};

export const recordNames = Object.keys(files) as readonly RecordName[];

/** An Avro schema as it stands in its file. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | {
      readonly type: AvroSchema;
      readonly name?: string;
      readonly doc?: string;
      readonly fields?: readonly AvroField[];
      readonly items?: AvroSchema;
      readonly values?: AvroSchema;
      readonly symbols?: readonly string[];
      /** Bytes of a fixed. */
      readonly size?: number;
      readonly namespace?: string;
      readonly logicalType?: string;
    };

export interface AvroField {
  readonly default?: unknown;
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc?: string;
}

/** The schema of a record, read from its `.avsc` beside this file. */
export function schemaOf(name: RecordName): AvroSchema {
  return JSON.parse(readFileSync(new URL(`./${files[name]}.avsc`, import.meta.url), 'utf8')) as AvroSchema;
}
