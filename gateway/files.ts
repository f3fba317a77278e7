import type { IncomingMessage, ServerResponse } from 'node:http';
import send from 'send';
import { problemBody } from '../platform/http/problem.js';

const YEAR_MS = 365 * 24 * 3_600_000;
const SECURITY = { 'x-content-type-options': 'nosniff' };

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
    const { incoming, outgoing, path, requestId } = this.request;
    outgoing.setHeader('x-request-id', requestId);
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
      this.#refuse(405, 'files are read with GET or HEAD', { allow: 'GET, HEAD' });
      return;
    }
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
      .on('directory', () => this.#refuse(404, 'there is no such file'))
      .on('error', (error: { status?: number; headers?: Readonly<Record<string, string>> }) => {
        const status = error.status ?? 500;
        const range = status === 416 ? (error.headers ?? {}) : {};
        this.#refuse(
          status,
          status === 404
            ? 'there is no such file'
            : status === 416
              ? 'the file has no such range'
              : 'the file cannot be read',
          range,
        );
      })
      .pipe(outgoing);
  }

  #refuse(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): void {
    const { outgoing, requestId } = this.request;
    if (outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
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
