import type { AvroSchema } from '../../schemas/index.js';
import { base, inline, type Named } from './inline.js';

/**
 * Writes a value from a place on; returns the place behind it, which lies beyond the end where the bytes
 * have no room for it. Throws where the value does not fit the schema.
 */
export type Writer = (value: unknown, bytes: Buffer, at: number) => number;

/** A writer generated from the schema: maps with their keys in order, times as plain numbers of ms. */
export function compileWriter(schema: AvroSchema): Writer {
  const emitter = new Emitter();
  const body = emitter.write(inline(schema), 'value', 'it');
  const source = `'use strict'; ${helpers}
${emitter.functions.join('\n')}
let of = null, v = null;
return (value, b, p) => { if (b !== of) { of = b; v = new DataView(b.buffer, b.byteOffset, b.byteLength); }
${body}
return p; };`;
  return new Function('written', source)(new WeakMap()) as Writer;
}

/** In generated code: bytes `b`, their view `v`, cursor `p`. */
const helpers = `
const fail = (x, what) => { throw new TypeError(what + ' cannot be ' + (typeof x === 'object' ? JSON.stringify(x) : String(x))); };
function long(b, p, x, what) {
  if ((x | 0) === x && x >= -64 && x < 64) { b[p] = (x << 1) ^ (x >> 31); return p + 1; }
  if (!Number.isSafeInteger(x)) fail(x, what);
  const half = x < 0 ? -x - 1 : x;
  // Its low 27 bits, and the at most 26 above them, each with room to be shifted.
  const high = Math.floor(half / 134217728);
  let low = (half - high * 134217728) << 1 | (x < 0 ? 1 : 0);
  if (high > 0) {
    b[p] = low | 128;
    b[p + 1] = low >>> 7 | 128;
    b[p + 2] = low >>> 14 | 128;
    b[p + 3] = low >>> 21 | 128;
    p += 4;
    low = high;
  }
  for (; low > 127; low >>>= 7) b[p++] = low | 128;
  b[p] = low;
  return p + 1;
}
function string(b, p, x, what) {
  if (typeof x !== 'string') fail(x, what);
  const n = x.length;
  if (n < 64) {
    // Mostly ASCII: one byte for the length, and one for each character.
    let i = 0;
    for (let c = 0; i < n && (c = x.charCodeAt(i)) < 128; i++) b[p + 1 + i] = c;
    if (i === n) { b[p] = n << 1; return p + 1 + n; }
  }
  const size = Buffer.byteLength(x);
  p = long(b, p, size, what);
  if (p + size <= b.length) b.write(x, p);
  return p + size;
}
/** What was written before, in words of four bytes. */
function again(p, v, known) {
  const n = known.byteLength;
  if (p + n > v.byteLength) return p + n;
  let i = 0;
  for (; i + 4 <= n; i += 4) v.setInt32(p + i, known.getInt32(i, true), true);
  for (; i < n; i++) v.setUint8(p + i, known.getUint8(i));
  return p + n;
}
/** What lies there, to be written again; null where there was no room for it. */
const copyOf = (b, from, p) => p > b.length ? null : new DataView(Uint8Array.prototype.slice.call(b, from, p).buffer);
/** A field's text is mostly the one of the record before. */
function repeated(b, p, v, x, what, last) {
  if (x === last.text) return again(p, v, last.bytes);
  const end = string(b, p, x, what);
  const bytes = copyOf(b, p, end);
  if (bytes !== null) { last.text = x; last.bytes = bytes; }
  return end;
}
/** Maps that stay as they are come again and again: as the bytes that they had the first time. */
function remember(map, b, from, p) {
  const bytes = Object.isFrozen(map) ? copyOf(b, from, p) : null;
  if (bytes !== null) written.set(map, bytes);
}
function names(map) {
  const all = Object.keys(map);
  for (let i = 1; i < all.length; i++) if (all[i - 1] > all[i]) return all.sort();
  return all;
}`;

class Emitter {
  readonly functions: string[] = [];
  #names = 0;
  #inMap = false;

  /** Code that writes the value of an expression; `what` names it in errors. */
  write(type: AvroSchema, value: string, what: string): string {
    const named = type as Named;
    const x = `x${this.#names++}`;
    const is = (check: string): string =>
      `const ${x} = ${value}; if (!(${check})) fail(${x}, ${JSON.stringify(what)});`;
    switch (base(type)) {
      case 'null':
        return `{ ${is(`${x} === null`)} }`;
      case 'boolean':
        return `{ ${is(`typeof ${x} === 'boolean'`)} b[p++] = ${x} ? 1 : 0; }`;
      case 'int':
      case 'long':
        return `p = long(b, p, ${value}, ${JSON.stringify(what)});`;
      case 'double':
        return `{ ${is(`typeof ${x} === 'number'`)} if (p + 8 <= b.length) v.setFloat64(p, ${x}, true); p += 8; }`;
      case 'string':
        return this.#inMap
          ? `p = string(b, p, ${value}, ${JSON.stringify(what)});`
          : this.#repeated(x, value, what);
      case 'bytes':
        return `{ ${is(`${x} instanceof Uint8Array`)} p = long(b, p, ${x}.length); if (p + ${x}.length <= b.length) b.set(${x}, p); p += ${x}.length; }`;
      case 'enum': {
        const index = `${JSON.stringify(named.symbols ?? [])}.indexOf(${value})`;
        return `{ const ${x} = ${index}; if (${x} < 0) fail(${value}, ${JSON.stringify(what)}); p = long(b, p, ${x}); }`;
      }
      case 'union':
        return this.#optional(type as readonly AvroSchema[], { x, value, what });
      case 'record':
        this.#record(x, named, what);
        return `{ ${is(`typeof ${x} === 'object' && ${x} !== null`)} p = record${x}(b, p, ${x}, v); }`;
      case 'array':
        return `{ ${is(`Array.isArray(${x})`)} const n = ${x}.length; if (n > 0) { p = long(b, p, n);
for (let i${x} = 0; i${x} < ${x}.length; i${x}++) ${this.write(named.items ?? 'null', `${x}[i${x}]`, `${what}[]`)} }
b[p++] = 0; }`;
      case 'map':
        return `{ ${is(`typeof ${x} === 'object' && ${x} !== null`)}
const known = written.get(${x});
if (known !== undefined) p = again(p, v, known);
else { const from = p; const keys = names(${x}); if (keys.length > 0) p = long(b, p, keys.length);
for (const key of keys) { p = string(b, p, key); ${this.#inMapOf(named.values ?? 'null', `${x}[key]`, `${what}{}`)} }
b[p++] = 0; remember(${x}, b, from, p); } }`;
      default:
        throw new TypeError(`${what}: no writer for ${base(type)}`);
    }
  }

  /** Code for a value of a map, whose texts follow no pattern. */
  #inMapOf(type: AvroSchema, value: string, what: string): string {
    const before = this.#inMap;
    this.#inMap = true;
    const code = this.write(type, value, what);
    this.#inMap = before;
    return code;
  }

  #repeated(x: string, value: string, what: string): string {
    this.functions.push(`const last${x} = { text: '', bytes: new DataView(new ArrayBuffer(1)) };`);
    return `p = repeated(b, p, v, ${value}, ${JSON.stringify(what)}, last${x});`;
  }

  /** A function of its own gets hot, and is compiled, sooner than a loop in a large one. */
  #record(x: string, { fields = [] }: Named, what: string): void {
    const code = fields.map(({ name, type }) => this.write(type, `x.${name}`, `${what}.${name}`)).join('\n');
    this.functions.push(`function record${x}(b, p, x, v) { ${code}\nreturn p; }`);
  }

  #optional(
    branches: readonly AvroSchema[],
    { x, value, what }: { readonly x: string; readonly value: string; readonly what: string },
  ): string {
    const none = branches.indexOf('null');
    const some = branches[1 - none];
    if (branches.length !== 2 || none < 0 || some === undefined)
      throw new TypeError(`${what}: of unions, only those of null and one more type are written`);
    // Asked for once: it may be worked out for that.
    return `{ const ${x} = ${value}; if (${x} === null) b[p++] = ${none << 1};
else { b[p++] = ${(1 - none) << 1}; ${this.write(some, x, what)} } }`;
  }
}
