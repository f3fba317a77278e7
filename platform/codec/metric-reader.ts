import type { AvroField, AvroSchema } from '../../schemas/index.js';

/** Reads the numbers of one record in place. NaN stands for a start that is not known. */
export interface MetricReader {
  /** False where the bytes from start to end are not exactly one record. Never throws. */
  read(bytes: Buffer, start: number, end: number): boolean;
  readonly timestamp: number;
  readonly startTimestamp: number;
  readonly count: number;
  readonly sum: number;
}

type Named = Exclude<AvroSchema, string | readonly AvroSchema[]>;

/** Fields that are kept; all others are walked over. */
const kept = ['timestamp', 'startTimestamp', 'count', 'sum'];

/** Whether the bytes from start to end are exactly one value of the schema; never throws, never allocates. */
export type Check = (bytes: Buffer, start: number, end: number) => boolean;

/** A check generated from the schema, since avsc believes any count that damaged bytes claim. */
export function compileCheck(schema: AvroSchema): Check {
  const body = `at = start; limit = end; ok = true;\n${walk(schema)}\nreturn ok && at === end;`;
  return new Function(`${prelude}\nreturn (b, start, end) => {\n${body}\n};`)() as Check;
}

/**
 * A reader for records written with exactly this schema, generated from it: it keeps four numbers and
 * walks over the rest, checking every bound. Null where the schema holds a type that it cannot walk.
 */
export function compileMetricReader(schema: AvroSchema): MetricReader | null {
  const record = schema as Named;
  const fields = record.fields ?? [];
  if (!kept.every((name) => fields.some((field) => field.name === name))) return null;
  try {
    const body = fields.map((field) => fieldCode(field)).join('\n');
    return new Function(
      `${prelude}\nreturn new (class {\n${state}\nread(b, start, end) {\nat = start; limit = end; ok = true;\n${body}\nreturn ok && at === end;\n}\n})();`,
    )() as MetricReader;
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

class Unsupported extends Error {}

const state = kept.map((name) => `${name} = 0;`).join('\n');

/** Varints, doubles and blocks over the bytes, with `at` as the cursor. */
const prelude = `'use strict';
let at = 0, limit = 0, ok = true, count = 0;
function long(b) {
  let low = 0, shift = 0, byte = 0;
  do {
    if (at >= limit) { ok = false; return 0; }
    byte = b[at++];
    if (shift < 28) low |= (byte & 127) << shift;
    else return wide(b, low, byte);
    shift += 7;
  } while (byte > 127);
  return (low >>> 1) ^ -(low & 1);
}
function wide(b, low, byte) {
  let half = low >>> 1, factor = 134217728;
  for (let n = 5; ; n++) {
    half += (byte & 127) * factor;
    if (byte < 128) break;
    if (n === 10 || at >= limit) { ok = false; return 0; }
    byte = b[at++];
    factor *= 128;
  }
  if (!(half < 9007199254740990)) ok = false;
  return low & 1 ? -half - 1 : half;
}
function skip(n) {
  if (n < 0 || n > limit - at) { ok = false; at = limit; } else at += n;
}
function double(b) {
  if (limit - at < 8) { ok = false; return 0; }
  at += 8;
  return b.readDoubleLE(at - 8);
}
function block(b) {
  count = long(b);
  if (count < 0) { count = -count; long(b); }
  return ok && count > 0;
}`;

function fieldCode({ name, type }: AvroField): string {
  if (!kept.includes(name)) return walk(type);
  if (base(type) === 'double') return `this.${name} = double(b);`;
  if (base(type) === 'long') return `this.${name} = long(b);`;
  const branches = type as readonly AvroSchema[];
  if (Array.isArray(type) && branches.length === 2) {
    const none = branches.indexOf('null');
    const value = branches[1 - none];
    if (none >= 0 && value !== undefined && base(value) === 'long') {
      return `{ const i = long(b); if (i === ${1 - none}) this.${name} = long(b); else { this.${name} = NaN; if (i !== ${none}) ok = false; } }`;
    }
  }
  throw new Unsupported(name);
}

/** The primitive behind a logical type, or the kind of a complex one. */
const base = (type: AvroSchema): string =>
  typeof type === 'string' ? type : Array.isArray(type) ? 'union' : base((type as Named).type);

/** Code that walks over a value. */
function walk(type: AvroSchema): string {
  const named = type as Named;
  switch (base(type)) {
    case 'null':
      return '';
    case 'long':
    case 'int':
      return 'long(b);';
    case 'boolean':
      return 'skip(1);';
    case 'enum':
      return `{ const i = long(b); if (i < 0 || i >= ${named.symbols?.length ?? 0}) ok = false; }`;
    case 'union': {
      const branches = (type as readonly AvroSchema[]).map(
        (branch, i) => `case ${i}: ${walk(branch)} break;`,
      );
      return `switch (long(b)) { ${branches.join(' ')} default: ok = false; }`;
    }
    case 'double':
      return 'skip(8);';
    case 'string':
    case 'bytes':
      return 'skip(long(b));';
    case 'record':
      return (named.fields ?? []).map((field) => walk(field.type)).join(' ');
    case 'array':
      return blocks(items(named.items ?? 'null'));
    case 'map':
      return blocks(items('string', named.values ?? 'null'));
    default:
      throw new Unsupported(base(type));
  }
}

const blocks = (body: string): string => `while (block(b)) { ${body} }`;

/** Items of one size are skipped as a whole. */
function items(...types: readonly AvroSchema[]): string {
  const flat = types.flatMap((type) =>
    base(type) === 'record' ? ((type as Named).fields ?? []).map((f) => f.type) : [type],
  );
  if (flat.every((type) => base(type) === 'double')) return `skip(count * ${8 * flat.length});`;
  return `for (let n = count; n > 0 && ok; n--) { ${types.map(walk).join(' ')} }`;
}
