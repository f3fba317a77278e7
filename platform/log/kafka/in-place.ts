import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** kafkajs's, as far as it is of use here. */
interface Encoder {
  buf: Buffer;
  /** How much of `buf` is written. */
  offset: number;
  readonly buffer: Buffer;
  writeEncoder(value: Encoder): Encoder;
}

const Encoder = require('kafkajs/src/protocol/encoder') as { new (): Encoder; readonly prototype: Encoder };

/** So much is left free in front of a body: its header, and the size of both, bytes. */
export const ROOM = 256;

/** The memory around what is written with room in front, and where it begins there. */
const placed = new WeakMap<Buffer, { readonly memory: Buffer; readonly start: number }>();

/** A request's body as kafkajs takes it, which lies in `memory` from `ROOM` to `end`. */
export function inPlace(memory: Buffer, end: number): { readonly buffer: Buffer } {
  writeInFront();
  const body = new Encoder();
  place(body, memory, ROOM, end);
  return body;
}

function place(encoder: Encoder, memory: Buffer, start: number, end: number): void {
  encoder.buf = memory.subarray(start, end);
  encoder.offset = end - start;
  // What is written behind it later goes to another buffer, which is not found.
  placed.set(encoder.buf, { memory, start });
}

let done = false;

/** kafkajs copies a body behind its header, and both behind their size: here those are copied, to the front of it. */
function writeInFront(): void {
  if (done) return;
  done = true;
  const { prototype } = Encoder;
  const original = prototype.writeEncoder;
  prototype.writeEncoder = function (this: Encoder, value: Encoder): Encoder {
    const found = placed.get(value.buf);
    if (found === undefined || found.start < this.offset) return original.call(this, value);
    const { memory, start } = found;
    const front = start - this.offset;
    this.buf.copy(memory, front, 0, this.offset);
    place(this, memory, front, start + value.offset);
    return this;
  };
}
