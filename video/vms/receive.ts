import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { finished, type Readable, type Writable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { remove } from '../jobs/folders.js';

/** An upload that is not taken, with the status that says why. */
export class UploadError extends Error {
  override readonly name = 'UploadError';

  constructor(
    readonly status: 400 | 413 | 415 | 507,
    message: string,
  ) {
    super(message);
  }
}

export interface ReceiveOptions {
  /** The request's content-type. */
  readonly contentType: string;
  /** Where the file is written; it must not exist. */
  readonly path: string;
  /** Greatest size of the file, bytes. */
  readonly limit: number;
}

const FIELD = 'file';
/** New, and no link that somebody put there. */
const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Streams the field `file` of a multipart body to disk. Rejects with `UploadError` where it is the
 * client's fault, and leaves no file of its own then. Resolves to its size, bytes.
 */
export async function receiveFile(body: Readable, options: ReceiveOptions): Promise<number> {
  const { contentType, path, limit } = options;
  if (!/^multipart\/form-data\b.*\bboundary=/i.test(contentType))
    throw new UploadError(415, `send multipart/form-data with the mp4 in the field "${FIELD}"`);
  const parser = parserOf(contentType, limit);
  const target = await open(path, flags, 0o640);
  try {
    await receive(body, parser, { target, limit });
    await target.sync();
    return (await target.stat()).size;
  } catch (error) {
    await remove(path);
    throw error;
  } finally {
    await target.close();
  }
}

type Parser = InstanceType<typeof Busboy>;
type FileStream = Readable & { readonly truncated?: boolean };

async function receive(
  body: Readable,
  parser: Parser,
  { target, limit }: { readonly target: FileHandle; readonly limit: number },
): Promise<void> {
  let taken: { readonly file: FileStream; readonly saved: Promise<void> } | null = null;
  let problem: Error | null = null;
  const fail = (error: Error): void => {
    problem ??= error;
    parser.destroy(problem);
  };
  parser.on('file', (field: string, file: FileStream) => {
    file.on('error', () => undefined);
    if (field !== FIELD || taken !== null) {
      fail(new UploadError(400, `send one file, in the field "${FIELD}"`));
      file.resume();
      return;
    }
    file.on('limit', () => fail(new UploadError(413, `the file may have ${limit} bytes at most`)));
    taken = { file, saved: save(file, target) };
    taken.saved.catch(fail);
  });
  for (const event of ['partsLimit', 'fieldsLimit'] as const)
    parser.on(event, () => fail(new UploadError(400, 'the form has too many parts')));
  const saving = (): typeof taken => taken;
  try {
    await feed(body, parser as unknown as Writable);
  } catch (error) {
    parser.destroy();
    const first = problem ?? new UploadError(400, `the upload broke off: ${messageOf(error)}`);
    const begun = saving();
    // The parser does not end the file that it has begun; and it must be at rest before it is removed.
    begun?.file.destroy(new Error('the body broke off'));
    await begun?.saved.catch(() => undefined);
    throw explain(first);
  }
  const complete = saving();
  if (complete === null) throw new UploadError(400, `the form has no file in the field "${FIELD}"`);
  await complete.saved;
}

/**
 * Pipes the body into the parser. Where that fails, the rest of the body is read and thrown away, and not
 * destroyed as `pipeline` would: the connection could serve nobody else, who would not know of it.
 */
function feed(body: Readable, parser: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      body.unpipe(parser).resume();
      reject(error);
    };
    finished(body, (error) => error && fail(error));
    finished(parser, (error) => (error ? fail(error) : resolve()));
    body.pipe(parser);
  });
}

function parserOf(contentType: string, limit: number): Parser {
  try {
    const headers = { 'content-type': contentType } as BusboyHeaders;
    const limits = { fileSize: limit, files: 2, fields: 10, parts: 12, fieldSize: 10_000, headerPairs: 100 };
    return new Busboy({ headers, limits });
  } catch (error) {
    throw new UploadError(400, messageOf(error));
  }
}

async function save(file: Readable, target: FileHandle): Promise<void> {
  let size = 0;
  let head = Buffer.alloc(0);
  for await (const chunk of file as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (head.length < 12) {
      head = Buffer.concat([head, chunk.subarray(0, 12 - head.length)]);
      if (head.length === 12) refuseOthers(head);
    }
    await target.appendFile(chunk);
  }
  if (size === 0) throw new UploadError(400, 'the file is empty');
  if (head.length < 12) refuseOthers(head);
}

/** An mp4 begins with the length of its first box, and `ftyp`. */
export function refuseOthers(head: Buffer): void {
  if (head.toString('latin1', 4, 8) !== 'ftyp') throw new UploadError(415, 'the file is no mp4');
}

/** What busboy says of a body that ends early is the client's fault; a full disk is not. */
function explain(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new UploadError(507, 'there is no room for the file');
  return /unexpected end|malformed/i.test(error.message)
    ? new UploadError(400, `the form is cut off or malformed: ${error.message}`)
    : error;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
