/** Boxes that hold boxes, and nothing else. */
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl', 'edts']);

/** A box of an mp4: its size, its type, what it holds. */
export function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** The boxes of one level, in order. */
export function boxes(bytes: Buffer): { readonly type: string; readonly body: Buffer }[] {
  const found: { type: string; body: Buffer }[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8) throw new Error(`a box of ${size} bytes at ${at}`);
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

/** The same mp4 with every box of a type replaced by what it is mapped to. Media data has to stand before `moov`. */
export function rewrite(bytes: Buffer, type: string, map: (body: Buffer) => Buffer): Buffer {
  return Buffer.concat(
    boxes(bytes).map((one) => {
      if (one.type === type) return map(one.body);
      return box(one.type, containers.has(one.type) ? rewrite(one.body, type, map) : one.body);
    }),
  );
}

/** The same box with one number of 32 bits replaced. */
export const patched =
  (type: string, at: number, value: number) =>
  (body: Buffer): Buffer => {
    const copy = Buffer.from(body);
    copy.writeUInt32BE(value, at);
    return box(type, copy);
  };

/** A data reference to another file, as a Macintosh alias tells it. */
export function alias(path: string): Buffer {
  const volume = Buffer.alloc(28);
  const name = Buffer.alloc(64);
  const file = path.split('/').at(-1) ?? '';
  name.writeUInt8(file.length, 0);
  name.write(file, 1, 'latin1');
  const levels = Buffer.from([0, 1, 0, 1]);
  const entry = (kind: number, text: string): Buffer => {
    const padded = Buffer.alloc(4 + text.length + (text.length % 2));
    padded.writeUInt16BE(kind, 0);
    padded.writeUInt16BE(text.length, 2);
    padded.write(text, 4, 'latin1');
    return padded;
  };
  const gap = (length: number): Buffer => Buffer.alloc(length);
  const end = Buffer.from([0xff, 0xff, 0, 0]);
  return box(
    'alis',
    ...[gap(4), gap(10), volume, gap(12), name, gap(16), levels, gap(16)],
    ...[entry(2, path), entry(18, path), end],
  );
}
