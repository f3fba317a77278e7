import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const require = createRequire(import.meta.url);

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const codecs = CompressionCodecs as unknown as Record<number, (() => Codec) | undefined>;
const CODEC = 0x07;

/** That of a record batch with these attributes; null where it is not compressed. */
export const codecOf = (attributes: number): Codec | null => codecs[attributes & CODEC]?.() ?? null;

/** kafkajs brings gzip alone; zstd has no package that installs without compiling. */
export function registerCodecs(): void {
  codecs[CompressionTypes.Snappy] = () => snappyCodec;
  codecs[CompressionTypes.LZ4] = () => lz4Codec;
  codecs[CompressionTypes.ZSTD] = () => zstdCodec;
}

const XERIAL = Buffer.from([130, 83, 78, 65, 80, 80, 89, 0]);
const XERIAL_HEADER = 16;

interface Snappy {
  compress(input: Buffer): Promise<Buffer>;
  uncompress(input: Buffer, options: { readonly asBuffer: true }): Promise<Buffer>;
}

const snappyCodec: Codec = {
  compress: ({ buffer }) => (require('snappy') as Snappy).compress(buffer),
  decompress: async (buffer) => {
    const { uncompress } = require('snappy') as Snappy;
    if (!buffer.subarray(0, XERIAL.length).equals(XERIAL)) return uncompress(buffer, { asBuffer: true });
    // Java writes blocks behind a header: each with its length in front.
    const blocks: Buffer[] = [];
    for (let at = XERIAL_HEADER; at < buffer.length; ) {
      const end = at + 4 + buffer.readUInt32BE(at);
      blocks.push(await uncompress(buffer.subarray(at + 4, end), { asBuffer: true }));
      at = end;
    }
    return Buffer.concat(blocks);
  },
};

interface Lz4 {
  compressFrame(input: Buffer): Promise<Buffer>;
  decompressFrame(input: Buffer): Promise<Buffer>;
}

const lz4Codec: Codec = {
  compress: ({ buffer }) => (require('lz4-napi') as Lz4).compressFrame(buffer),
  decompress: (buffer) => (require('lz4-napi') as Lz4).decompressFrame(buffer),
};

const unreadable = (): never => {
  throw Object.assign(
    new Error(
      'a record batch is compressed with zstd, which cannot be read here: set the topic or its producer to gzip, snappy or lz4',
    ),
    { type: 'UNSUPPORTED_COMPRESSION_TYPE' },
  );
};

const zstdCodec: Codec = { compress: unreadable, decompress: unreadable };
