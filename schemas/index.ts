import { readFileSync } from 'node:fs';
import type { RecordTypes } from './types.js';

/** The Avro records of the product, by their name without namespace. */
export type RecordName = keyof RecordTypes;

/**
 * Files of every schema that was ever written with. The order gives the embedded ids (from 1), so it only
 * ever grows at the end: the last one of a name is in use, those before are what older records are read by.
 */
const files: readonly (readonly [name: RecordName, file: string])[] = [
  ['MetricRecord', 'metric-record.1'],
  ['Watermark', 'watermark'],
  ['PartialBatch', 'partial-batch.1'],
  ['WindowRecord', 'window-record.1'],
  ['AlertRecord', 'alert-record.1'],
  ['StageState', 'stage-state'],
  ['RulesRevision', 'rules-revision'],
  ['DeadLetter', 'dead-letter'],
  ['VideoJob', 'video-job.1'],
  ['VideoEvent', 'video-event.1'],
  ['MetricRecord', 'metric-record'],
  ['PartialBatch', 'partial-batch'],
  ['WindowRecord', 'window-record'],
  ['AlertRecord', 'alert-record'],
  ['TargetStates', 'target-states'],
  ['RulesRejected', 'rules-rejected'],
  ['VideoJob', 'video-job'],
  ['VideoEvent', 'video-event'],
];

export const recordNames: readonly RecordName[] = [...new Set(files.map(([name]) => name))];

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
  const found = files.findLast(([one]) => one === name);
  if (!found) throw new RangeError(`there is no schema of ${name}`);
  return read(found[1]);
}

/** Every schema that was ever written with, in the order of the embedded ids. */
export const schemaVersions = (): readonly (readonly [name: RecordName, schema: AvroSchema])[] =>
  files.map(([name, file]) => [name, read(file)]);

const read = (file: string): AvroSchema =>
  JSON.parse(readFileSync(new URL(`./${file}.avsc`, import.meta.url), 'utf8')) as AvroSchema;
