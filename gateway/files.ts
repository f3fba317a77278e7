import { realpath } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import send from 'send';
import { MALFORMED } from '../platform/http/refuse.js';
import { type Answered, endWhenRead, type Refusal, refusalHead, waitsToSend } from './early-answer.js';

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

export interface FileRequest extends Answered {
  /** Raw path below the folder. */
  readonly path: string;
}

/** A client that reads nothing for so long is gone, or a player that has paused: it asks again, ms. */
const UNREAD_MS = 120_000;

/** One answer from a folder of published files: ranges, revalidation, no listing, no escape. */
export class FileAnswer {
  requestBytes = 0;
  responseBytes = 0;
  readonly upstreamMs = null;

  constructor(
    readonly root: string,
    readonly request: FileRequest,
  ) {}

  start(): void {
    const { incoming, outgoing, requestId } = this.request;
    outgoing.setHeader('x-request-id', requestId);
    outgoing.setTimeout(UNREAD_MS, () => outgoing.destroy());
    outgoing.once(MALFORMED, (refused: Refusal) => {
      outgoing.shouldKeepAlive = false;
      this.#answer(refused, true);
    });
    incoming.on('data', (chunk: Buffer) => {
      this.requestBytes += chunk.length;
    });
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
    if (outgoing.headersSent || outgoing.destroyed) return;
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
    this.#answer({ status, detail, headers }, false);
  }

  /** Where the rest of the request is lost, nobody waits for it. */
  #answer(refusal: Refusal, lost: boolean): void {
    const { incoming, outgoing } = this.request;
    if (outgoing.writableEnded) return;
    if (outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
    // What was said of the file, its caching above all, is not to be said of the refusal.
    for (const name of outgoing.getHeaderNames()) if (!KEPT.test(name)) outgoing.removeHeader(name);
    if (waitsToSend(incoming)) outgoing.shouldKeepAlive = false;
    const body = refusalHead(this.request, refusal);
    this.responseBytes = body.length;
    if (lost) outgoing.end(body);
    else endWhenRead(this.request, body);
  }
}
