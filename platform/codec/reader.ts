import type { AvroSchema } from '../../schemas/index.js';
import { base, inline, type Named } from './inline.js';
import { Interned, Repeated } from './interned.js';
import { readLong } from './long.js';

/** The value that the bytes from start to end are; undefined where they are not exactly one. */
export type Reader = (bytes: Buffer, start: number, end: number) => unknown;

/**
 * A reader generated from the schema, for what is written with it. Maps of text in the items of an array
 * are frozen, and the same object wherever the bytes are the same: rows name the same labels again and again.
 */
export function compileReader(schema: AvroSchema): Reader {
  const emitter = new Emitter();
  const body = emitter.read(inline(schema), 'value');
  const source = `'use strict'; ${readLong}
class Cut extends Error {}
const cut = new Cut();
const text = (b, p, n) => b.utf8Slice(p, p + n);
const put = (map, key, value) => { if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true }); else map[key] = value; };
${emitter.functions.join('\n')}
return (b, p, end) => { const v = new DataView(b.buffer, b.byteOffset, b.byteLength); let value;
try { ${body} } catch (error) { if (error instanceof Cut) return undefined; throw error; }
return p === end ? value : undefined; };`;
  return new Function('Interned', 'Repeated', source)(Interned, Repeated) as Reader;
}

/** Code over the bytes `b`, their view `v`, the cursor `p`, and the bound `end`; what it reads goes into a name. */
class Emitter {
  readonly functions: string[] = [];
  #names = 0;
  #inArray = 0;

  read(type: AvroSchema, into: string): string {
    const named = type as Named;
    const n = `n${this.#names++}`;
    switch (base(type)) {
      case 'null':
        return `${into} = null;`;
      case 'boolean':
        return `if (p >= end) throw cut; ${into} = b[p++] !== 0;`;
      case 'int':
      case 'long':
        return long(into);
      case 'double':
        return `if (end - p < 8) throw cut; ${into} = v.getFloat64(p, true); p += 8;`;
      case 'string':
        return this.#inArray > 0
          ? this.#repeated(n, into)
          : `${sized(n)} ${into} = text(b, p, ${n}); p += ${n}; }`;
      case 'bytes':
        return `${sized(n)} ${into} = b.subarray(p, p + ${n}); p += ${n}; }`;
      case 'enum':
        return `{ let ${n} = 0; ${long(n)} ${into} = ${JSON.stringify(named.symbols ?? [])}[${n}]; if (${into} === undefined) throw cut; }`;
      case 'union': {
        const branches = type as readonly AvroSchema[];
        const cases = branches.map((branch, i) => `case ${i}: ${this.read(branch, into)} break;`);
        return `{ let ${n} = 0; ${long(n)} switch (${n}) { ${cases.join(' ')} default: throw cut; } }`;
      }
      case 'record': {
        const fields = (named.fields ?? []).map(({ name, type: of }) => ({
          name,
          of,
          local: `f${this.#names++}`,
        }));
        const code = fields.map(({ of, local }) => `let ${local}; ${this.read(of, local)}`).join('\n');
        // A function of its own gets hot, and is compiled, sooner than a loop in a large one.
        this.functions.push(`function record${n}(b, p, end, v) { ${code}
at = p; return { ${fields.map(({ name, local }) => `${name}: ${local}`).join(', ')} }; }`);
        return `${into} = record${n}(b, p, end, v); p = at;`;
      }
      case 'array': {
        this.#inArray++;
        const item = this.read(named.items ?? 'null', `i${n}`);
        this.#inArray--;
        return `{ const a${n} = []; ${blocks(n, `let i${n}; ${item} a${n}.push(i${n});`)} ${into} = a${n}; }`;
      }
      case 'map':
        return this.#map(n, named.values ?? 'null', into);
      default:
        throw new TypeError(`no reader for ${base(type)}`);
    }
  }

  #map(n: string, values: AvroSchema, into: string): string {
    const entry = `let k${n}, i${n}; ${sized(`s${n}`)} k${n} = text(b, p, s${n}); p += s${n}; } ${this.#plain(values, `i${n}`)} put(m${n}, k${n}, i${n});`;
    const code = `{ const m${n} = {}; ${blocks(n, entry)} ${into} = m${n}; }`;
    if (this.#inArray === 0 || base(values) !== 'string') return code;
    this.functions.push(`const interned${n} = new Interned();`);
    return `{ const known = interned${n}.guess(b, p, end);
if (known !== null) { ${into} = known.value; p += known.bytes.length; }
else { const from = p; ${code} ${into} = interned${n}.keep(b, from, p, Object.freeze(${into})); } }`;
  }

  #plain(type: AvroSchema, into: string): string {
    const depth = this.#inArray;
    this.#inArray = 0;
    const code = this.read(type, into);
    this.#inArray = depth;
    return code;
  }

  #repeated(n: string, into: string): string {
    this.functions.push(`const repeated${n} = new Repeated();`);
    return `${sized(n)} ${into} = repeated${n}.read(b, p, p + ${n}); p += ${n}; }`;
  }
}

/** A long, nearly always of one byte. */
const long = (into: string): string =>
  `if (p < end && b[p] < 128) { ${into} = (b[p] >>> 1) ^ -(b[p] & 1); p++; }
else { ${into} = long(b, p, end); if (at < 0) throw cut; p = at; }`;

/** Begins a block in which the name is a size that the bytes have room for. */
const sized = (n: string): string => `{ let ${n} = 0; ${long(n)} if (${n} < 0 || ${n} > end - p) throw cut;`;

/** Blocks of items, a negative count with a size. */
const blocks = (n: string, item: string): string => `for (;;) { let c${n} = 0; ${long(`c${n}`)}
if (c${n} === 0) break;
if (c${n} < 0) { c${n} = -c${n}; let skip = 0; ${long('skip')} }
while (c${n}-- > 0) { ${item} } }`;
