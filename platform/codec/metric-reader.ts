import type { AvroField, AvroSchema } from '../../schemas/index.js';
import { base, inline, type Named, RecursiveSchema } from './inline.js';
import { readLong } from './long.js';

/** Reads the numbers of one record in place. NaN stands for a start that is not known. */
export interface MetricReader {
  /** False where the bytes from start to end are not exactly one record. Never throws. */
  read(bytes: Buffer, start: number, end: number): boolean;
  readonly timestamp: number;
  readonly startTimestamp: number;
  readonly count: number;
  readonly sum: number;
  /** Whether it is a value at a time, and not all since a counter began. */
  readonly gauge: boolean;
  /**
   * Of the record that was read last: where its bounds are these, down to the sign of 0, puts the counts at or below them
   * at that place on, and says so. Where not, what it wrote there means nothing.
   */
  bucketsAt(le: readonly number[], counts: Float64Array, at: number): boolean;
  /** The same where bounds are not known: so many, and the counts; valid until the next call. */
  buckets(): { readonly le: Float64Array; readonly counts: Float64Array; readonly length: number };
}

/** Fields that are kept; all others are walked over. */
const kept = ['timestamp', 'startTimestamp', 'count', 'sum'];

/** Whether the bytes from start to end are exactly one value of the schema; never throws, never allocates. */
export type Check = (bytes: Buffer, start: number, end: number) => boolean;

/**
 * A check generated from the schema, since avsc believes any count that damaged bytes claim. Throws where
 * the schema is recursive.
 */
export function compileCheck(schema: AvroSchema): Check {
  const body = new Walker().walk(inline(schema));
  return new Function(`${prelude}\nreturn (b, p, end) => {\n${body}\nreturn p === end;\n};`)() as Check;
}

/**
 * A reader for records written with exactly this schema, generated from it: it keeps four numbers and
 * walks over the rest, checking every bound. Null where the schema holds a type that it cannot walk.
 */
export function compileMetricReader(schema: AvroSchema): MetricReader | null {
  try {
    const fields = (inline(schema) as Named).fields ?? [];
    if (!kept.every((name) => fields.some((field) => field.name === name))) return null;
    const walker = new Walker();
    const body = fields.map((field) => walker.field(field)).join('\n');
    return new Function(
      `${prelude}\nreturn new (class {\n${state}\nread(b, p, end) {\n${look}\n${body}\nreturn p === end;\n}\n${readBuckets}\n})();`,
    )() as MetricReader;
  } catch (error) {
    if (error instanceof Unsupported || error instanceof RecursiveSchema) return null;
    throw error;
  }
}

class Unsupported extends Error {}

/** Walks once more, over bytes that have been checked. */
const readBuckets = `begun = -1;
bucketsAt(le, counts, to) {
const b = seen, v = view, n = le.length;
let p = this.begun;
if (p < 0 || n === 0 || n > 63 || b[p] !== 2 * n) return false;
p++;
for (let i = 0; i < n; i++, p += 16) {
const bound = v.getFloat64(p, true);
if (bound !== le[i] || (bound === 0 && !Object.is(bound, le[i]))) return false;
counts[to + i] = v.getFloat64(p + 8, true);
}
return b[p] === 0;
}
le = new Float64Array(16);
counts = new Float64Array(16);
length = 0;
buckets() {
const b = seen, v = view;
const read = (p) => { if (b[p] < 128) { at = p + 1; return (b[p] >>> 1) ^ -(b[p] & 1); } return long(b, p, b.length); };
let length = 0;
for (let p = this.begun, n = p < 0 ? 0 : read(p); n !== 0; n = read(p)) {
p = at;
if (n < 0) { n = -n; read(p); p = at; }
while (length + n > this.le.length) {
const le = this.le, counts = this.counts;
this.le = new Float64Array(2 * le.length); this.le.set(le);
this.counts = new Float64Array(2 * le.length); this.counts.set(counts);
}
const le = this.le, counts = this.counts;
for (; n > 0; n--, p += 16, length++) { le[length] = v.getFloat64(p, true); counts[length] = v.getFloat64(p + 8, true); }
}
this.length = length;
return this;
}`;

/** NaN is a double from the start: what begins as a small integer and becomes one changes the shape of the reader. */
const state = `${kept.map((name) => `${name} = NaN;`).join('\n')} gauge = false;`;

/** A view of the bytes, which are mostly those of the record before. */
const look =
  'if (b !== seen) { seen = b; view = new DataView(b.buffer, b.byteOffset, b.byteLength); } const v = view;';

const prelude = `'use strict';\n${readLong}\nlet seen = null, view = null;`;

/** Pairs of doubles, a bound and its count. */
function areBuckets(type: AvroSchema): boolean {
  const { items } = type as Named;
  const fields = ((items ?? {}) as Named).fields ?? [];
  return (
    base(type) === 'array' &&
    fields.map(({ name }) => name).join() === 'le,count' &&
    fields.every((field) => base(field.type) === 'double')
  );
}

/** Writes code over the bytes `b`, with the local `p` as the cursor and `end` as the bound. */
class Walker {
  #names = 0;

  /** Code for a field of a metric record. */
  field({ name, type }: AvroField): string {
    if (name === 'buckets') {
      if (!areBuckets(type)) throw new Unsupported(name);
      return `this.begun = p; ${this.walk(type)}`;
    }
    if (name === 'type') {
      const symbols = base(type) === 'enum' ? ((type as Named).symbols ?? []) : [];
      const known = this.#long(
        (i) =>
          `if (${i} < 0 || ${i} >= ${symbols.length}) return false; this.gauge = ${i} === ${symbols.indexOf('gauge')};`,
      );
      if (symbols.length === 0) throw new Unsupported(name);
      return known;
    }
    if (!kept.includes(name)) return this.walk(type);
    if (base(type) === 'double')
      return `if (end - p < 8) return false; this.${name} = v.getFloat64(p, true); p += 8;`;
    if (base(type) === 'long') return this.#long((value) => `this.${name} = ${value};`);
    const branches = type as readonly AvroSchema[];
    if (Array.isArray(type) && branches.length === 2) {
      const none = branches.indexOf('null');
      const value = branches[1 - none];
      if (none >= 0 && value !== undefined && base(value) === 'long') {
        const some = this.#long((read) => `this.${name} = ${read};`);
        return this.#long(
          (i) =>
            `if (${i} === ${1 - none}) { ${some} } else if (${i} === ${none}) this.${name} = NaN; else return false;`,
        );
      }
    }
    throw new Unsupported(name);
  }

  /** Code that walks over a value. */
  walk(type: AvroSchema): string {
    const named = type as Named;
    switch (base(type)) {
      case 'null':
        return '';
      case 'long':
      case 'int':
        return this.#long(() => '');
      case 'boolean':
        return skip('1');
      case 'enum':
        return this.#long((i) => `if (${i} < 0 || ${i} >= ${named.symbols?.length ?? 0}) return false;`);
      case 'union': {
        const branches = (type as readonly AvroSchema[]).map(
          (branch, i) => `case ${i}: ${this.walk(branch)} break;`,
        );
        return this.#long((i) => `switch (${i}) { ${branches.join(' ')} default: return false; }`);
      }
      case 'double':
        return skip('8');
      case 'float':
        return skip('4');
      case 'fixed':
        return skip(`${named.size ?? 0}`);
      case 'string':
      case 'bytes':
        return this.#long(skip);
      case 'record':
        return (named.fields ?? []).map((field) => this.walk(field.type)).join(' ');
      case 'array':
        return this.#blocks(named.items ?? 'null');
      case 'map':
        return this.#blocks('string', named.values ?? 'null');
      default:
        throw new Unsupported(base(type));
    }
  }

  /** Reads a long, nearly always of one byte, into a name that the code behind it uses. */
  #long(then: (name: string) => string): string {
    const name = `n${this.#names++}`;
    return `{ let ${name} = 0;
if (p < end && (${name} = b[p]) < 128) { p++; ${name} = (${name} >>> 1) ^ -(${name} & 1); }
else { ${name} = long(b, p, end); if (at < 0) return false; p = at; }
${then(name)} }`;
  }

  /** Blocks of items, a negative count with a size; items of one size are skipped as a whole. */
  #blocks(...types: readonly AvroSchema[]): string {
    const flat = types.flatMap((type) =>
      base(type) === 'record' ? ((type as Named).fields ?? []).map((f) => f.type) : [type],
    );
    const size = flat.every((type) => base(type) === 'double') ? 8 * flat.length : null;
    const block = this.#long((count) => {
      const items =
        size === null
          ? `while (${count}-- > 0) { ${types.map((type) => this.walk(type)).join(' ')} }`
          : skip(`${count} * ${size}`);
      return `if (${count} === 0) break;
if (${count} < 0) { ${count} = -${count}; ${this.#long(() => '')} }
${items}`;
    });
    return `for (;;) ${block}`;
  }
}

const skip = (size: string): string => `if (${size} < 0 || ${size} > end - p) return false; p += ${size};`;
