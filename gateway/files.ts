import { realpath } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import send from 'send';
import { problemBody } from '../platform/http/problem.js';

const YEAR_MS = 365 * 24 * 3_600_000;
const SECURITY = { 'x-content-type-options': 'nosniff' };
/** Whose pages may read the answer holds for refusals too. */
const KEPT = /^(?:vary|access-control-.+)$/;
const NO_FILE = 'there is no such file';
const reasons: Readonly<Record<number, string>> = { 404: NO_FILE, 416: 'the file has no such range' };

/** An error of `send`: its status, and the headers that belong to it. */
interface FileError {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FileRequest {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Raw path below the folder. */
  readonly path: string;
  readonly requestId: string;
}

/** One answer from a folder of published files: ranges, revalidation, no listing, no escape. */
export class FileAnswer {
  readonly requestBytes = 0;
  responseBytes = 0;

  constructor(
    readonly root: string,
    readonly request: FileRequest,
  ) {}

  start(): void {
    const { incoming, outgoing, requestId } = this.request;
    outgoing.setHeader('x-request-id', requestId);
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      this.#refuse(405, 'files are read with GET or HEAD', { allow: 'GET, HEAD' });
      return;
    }
    void this.#isInside().then((inside) => (inside ? this.#send() : this.#refuse(404, NO_FILE)));
  }

  /** Links are followed within the folder only. What cannot be resolved is left for `send` to refuse. */
  async #isInside(): Promise<boolean> {
    try {
      const root = await realpath(this.root);
      const file = await realpath(join(root, decodeURIComponent(this.request.path)));
      return file.startsWith(root + sep);
    } catch {
      return true;
    }
  }

  #send(): void {
    const { incoming, outgoing, path } = this.request;
    // Segments never change under their name; manifests are asked for again.
    const segment = path.endsWith('.m4s');
    const cache = segment ? { immutable: true, maxAge: YEAR_MS } : { maxAge: 0 };
    send(incoming, path, { root: this.root, index: false, dotfiles: 'ignore', ...cache })
      .on('headers', (headed: ServerResponse) => {
        for (const [name, value] of Object.entries(SECURITY)) headed.setHeader(name, value);
      })
      .on('stream', (file: NodeJS.ReadableStream) => {
        file.on('data', (chunk: Buffer) => {
          this.responseBytes += chunk.length;
        });
      })
      .on('directory', () => this.#refuse(404, NO_FILE))
      .on('error', ({ status = 500, headers = {} }: FileError) =>
        this.#refuse(status, reasons[status] ?? 'the file cannot be read', headers),
      )
      .pipe(outgoing);
  }

  #refuse(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): void {
    const { outgoing, requestId } = this.request;
    if (outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
    // What was said of the file, its caching above all, is not to be said of the refusal.
    for (const name of outgoing.getHeaderNames()) if (!KEPT.test(name)) outgoing.removeHeader(name);
    const body = problemBody(status, detail);
    this.responseBytes = Buffer.byteLength(body);
    outgoing
      .writeHead(status, {
        ...headers,
        'content-type': 'application/problem+json',
        'content-length': String(this.responseBytes),
        'x-request-id': requestId,
      })
      .end(body);
  }
}
