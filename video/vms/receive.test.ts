import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/tidemark.js';
import { receiveFile } from './receive.js';

const LIMIT = 100_000;
const contentType = 'multipart/form-data; boundary=xyz';

/** Bytes that begin as an mp4 does. */
const mp4 = (size: number): Buffer =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(size, 'm')]).subarray(0, size);

const part = (content: Buffer | string, name = 'file', filename: string | null = 'film.mp4'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--xyz\r\nContent-Disposition: form-data; name="${name}"${filename === null ? '' : `; filename="${filename}"`}\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
const form = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from('--xyz--\r\n')]);

/** The bytes in pieces, as a network gives them; then, maybe, an error in place of the end. */
async function* pieces(bytes: Buffer, size: number, error?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  if (error) throw error;
}

describe('receiving a file', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());
  const path = (): string => join(folder.path, 'incoming');
  const receive = (
    bytes: Buffer,
    { size = 16_384, type = contentType, error }: Options = {},
  ): Promise<number> =>
    receiveFile(Readable.from(pieces(bytes, size, error)), { contentType: type, path: path(), limit: LIMIT });
  interface Options {
    readonly size?: number;
    readonly type?: string;
    readonly error?: Error;
  }

  test.each<[string, Buffer, Options]>([
    ['a file in one piece', mp4(5_000), { size: 1 << 20 }],
    ['a file byte by byte', mp4(300), { size: 1 }],
    ['a file of exactly the limit', mp4(LIMIT), {}],
    [
      'a file that holds what looks like a boundary',
      Buffer.concat([mp4(50), Buffer.from('\r\n--xy\r\n--')]),
      { size: 7 },
    ],
    ['a quoted boundary', mp4(50), { type: 'Multipart/Form-Data; charset=utf-8; boundary="xyz"' }],
  ])('keeps %s, byte by byte equal', async (_, content, options) => {
    await receive(form(part('a title', 'title', null), part(content)), options);
    expect(readFileSync(path()).equals(content)).toBe(true);
    expect(readdirSync(folder.path)).toEqual(['incoming']);
  });

  test('never takes a path from a file name', async () => {
    await receive(form(part(mp4(50), 'file', '../../outside.mp4')));
    expect(readdirSync(folder.path)).toEqual(['incoming']);
    expect(existsSync(join(folder.path, '..', 'outside.mp4'))).toBe(false);
  });

  const good = form(part(mp4(50_000)));
  test.each<[string, number, string, Buffer, Options]>([
    ['a field of another name', 400, 'in the field "file"', form(part(mp4(50), 'video')), {}],
    ['two files', 400, 'send one file', form(part(mp4(50)), part(mp4(50))), {}],
    ['a second field behind the file', 400, 'send one file', form(part(mp4(50)), part(mp4(50), 'more')), {}],
    ['no file', 400, 'no file in the field "file"', form(part('x', 'title', null)), {}],
    ['no part at all', 400, '', form(), {}],
    ['text in the place of the file', 400, 'no file in the field', form(part('x', 'file', null)), {}],
    [
      'too many fields',
      400,
      'too many parts',
      form(...Array.from({ length: 13 }, (_, i) => part('x', `f${i}`, null)), part(mp4(50))),
      {},
    ],
    ['an empty file', 400, 'the file is empty', form(part('')), {}],
    ['one byte too many', 413, 'the file may have 100000 bytes', form(part(mp4(LIMIT + 1))), {}],
    ['far too many bytes', 413, 'the file may have 100000 bytes', form(part(mp4(LIMIT * 20))), {}],
    ['no mp4', 415, 'the file is no mp4', form(part('just a text that is long enough'.repeat(500))), {}],
    ['less than the beginning of an mp4', 415, 'the file is no mp4', form(part('text')), {}],
    ['a body that ends in the file', 400, 'cut off', good.subarray(0, 30_000), {}],
    ['a body that ends in the head of the part', 400, 'cut off', good.subarray(0, 40), {}],
    ['a body without its last boundary', 400, 'cut off', part(mp4(50)), {}],
    ['nothing', 400, '', Buffer.alloc(0), {}],
    ['another boundary', 400, '', good, { type: 'multipart/form-data; boundary=other' }],
    ['no boundary', 415, 'send multipart/form-data', good, { type: 'multipart/form-data' }],
    ['an empty boundary', 400, '', good, { type: 'multipart/form-data; boundary=' }],
    ['another type', 415, 'send multipart/form-data', good, { type: 'video/mp4' }],
    ['no type', 415, 'send multipart/form-data', good, { type: '' }],
  ])('refuses %s, and leaves nothing', async (_, status, message, bytes, options) => {
    for (const size of [16_384, 1 << 24]) {
      const error = await receive(bytes, { ...options, size }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'UploadError', status });
      expect((error as Error).message).toContain(message);
      expect(readdirSync(folder.path)).toEqual([]);
    }
  });

  test.each([0, 60, 30_000])(
    'says that a connection broke after %i bytes, and leaves nothing',
    async (end) => {
      const error = new Error('the connection is gone');
      await expect(receive(good.subarray(0, end), { error })).rejects.toMatchObject({
        name: 'UploadError',
        status: 400,
        message: 'the upload broke off: the connection is gone',
      });
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  test('leaves a file that is there as it is', async () => {
    writeFileSync(path(), 'mine');
    await expect(receive(good)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(path(), 'utf8')).toBe('mine');
  });

  test.each(['target', 'nowhere'])('does not write through a link to %s', async (name) => {
    writeFileSync(join(folder.path, 'target'), 'mine');
    symlinkSync(join(folder.path, name), path());
    await expect(receive(good)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(join(folder.path, 'target'), 'utf8')).toBe('mine');
    expect(readdirSync(folder.path)).toEqual(['incoming', 'target']);
  });
});
