import type { Decoded } from '../../platform/codec/codec.js';
import { fromJson, type Json, toJson } from '../../platform/codec/json.js';
import { schemaOf } from '../../schemas/index.js';
import type { AlertRecord, MetricRecord, Watermark, WindowRecord } from '../../schemas/types.js';
import { seriesText } from '../model/text.js';
import { topics } from '../stage/stage.js';

const schemas = {
  MetricRecord: schemaOf('MetricRecord'),
  Watermark: schemaOf('Watermark'),
  WindowRecord: schemaOf('WindowRecord'),
  AlertRecord: schemaOf('AlertRecord'),
};

/** Every partition up to the greatest gets a stage of its own, so a slip must not ask for millions. */
const LAST_PARTITION = 65_535;

/** A line of `metrics` that a backtest takes in; null partition where the line names none. */
export interface InputLine {
  readonly partition: number | null;
  readonly key: string;
  readonly record: { type: 'MetricRecord'; value: MetricRecord } | { type: 'Watermark'; value: Watermark };
}

/** A record of a topic as one line of JSON. */
export function printLine(
  at: { topic: string; partition: number; offset: number; key: string | null },
  record: Decoded,
): string {
  const { topic, partition, offset, key } = at;
  const value = toJson(schemaOf(record.type), record.value);
  return JSON.stringify({ topic, partition, offset, key, type: record.type, value });
}

/**
 * Reads one line; null for what is no input (an empty line, another topic, another type).
 * Throws TypeError that says what is wrong. `partitions` fills in where a watermark does not say.
 */
export function parseLine(text: string, partitions: number): InputLine | null {
  if (text.trim() === '') return null;
  const line = parseObject(text);
  if (typeof (line.topic ?? '') !== 'string') throw new TypeError('topic must be a string');
  if ((line.topic ?? topics.metrics) !== topics.metrics) return null;
  if (line.type !== 'MetricRecord' && line.type !== 'Watermark') {
    if (typeof line.type === 'string') return null;
    throw new TypeError('type must be the name of a record');
  }
  const partition = partitionIn(line.partition);
  if (line.key !== undefined && line.key !== null && typeof line.key !== 'string')
    throw new TypeError('key must be a string');
  if (line.type === 'Watermark') {
    const given = isObject(line.value) ? { partitions, ...line.value } : line.value;
    const value = fromJson(schemas.Watermark, given) as Watermark;
    return { partition, key: line.key ?? value.source, record: { type: 'Watermark', value } };
  }
  const value = fromJson(schemas.MetricRecord, line.value) as MetricRecord;
  return {
    partition,
    key: line.key ?? seriesText(value.name, value.labels),
    record: { type: 'MetricRecord', value },
  };
}

/** A window or a transition, as a backtest and an export print them. */
export type Result =
  | { readonly type: 'WindowRecord'; readonly value: WindowRecord }
  | { readonly type: 'AlertRecord'; readonly value: AlertRecord };

/** Reads one line; null for what is neither. Throws TypeError that says what is wrong. */
export function parseResult(text: string): Result | null {
  if (text.trim() === '') return null;
  const { type, value } = parseObject(text);
  if (type === 'WindowRecord') return { type, value: fromJson(schemas.WindowRecord, value) as WindowRecord };
  if (type === 'AlertRecord') return { type, value: fromJson(schemas.AlertRecord, value) as AlertRecord };
  if (typeof type === 'string') return null;
  throw new TypeError('type must be the name of a record');
}

function partitionIn(value: Json | undefined): number | null {
  if (value === undefined || value === null) return null;
  const found = Number.isInteger(value) ? (value as number) : -1;
  if (found >= 0 && found <= LAST_PARTITION) return found;
  throw new TypeError(
    `partition must be a whole number from 0 to ${LAST_PARTITION}, not ${JSON.stringify(value)}`,
  );
}

function parseObject(text: string): Readonly<Record<string, Json>> {
  let line: Json;
  try {
    line = JSON.parse(text) as Json;
  } catch (error) {
    throw new TypeError(`no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(line)) throw new TypeError('a line must be a JSON object');
  return line;
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
