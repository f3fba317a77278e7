import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { problemBody } from '../platform/http/problem.js';
import { clientHeaders, upstreamHeaders } from './headers.js';

export interface ExchangeOptions {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly pool: Pool;
  /** Raw path and query as they go upstream. */
  readonly path: string;
  readonly requestId: string;
  readonly uploadLimit: number;
  readonly timeoutMs: number;
}

/** Behind an early answer, the rest of the request is read and thrown away for so long, so that the answer is seen. */
const DISCARD_MS = 10_000;

/**
 * One proxied request: an undici handler that writes to the client as it reads from upstream. Nothing
 * is awaited, nothing is collected; the caller listens to the response's `close`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  requestBytes = 0;
  responseBytes = 0;
  #abort: ((reason?: Error) => void) | null = null;
  #expected = -1;
  #refused = false;
  #ending = false;
  #body: PassThrough | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(readonly options: ExchangeOptions) {}

  start(): void {
    const { incoming, outgoing, pool, path, requestId, uploadLimit, timeoutMs } = this.options;
    const declared = Number(incoming.headers['content-length'] ?? 0);
    if (declared > uploadLimit) {
      this.#refuse(413, `the body may have ${uploadLimit} bytes at most`);
      return;
    }
    const client = {
      address: incoming.socket.remoteAddress ?? '',
      host: incoming.headers.host ?? '',
      requestId,
    };
    const hasBody = declared > 0 || incoming.headers['transfer-encoding'] !== undefined;
    outgoing.once('close', () => {
      this.#stopTimer();
      if (!outgoing.writableFinished) this.#abort?.(new Error('the client went away'));
    });
    this.#timer = setTimeout(() => this.#timeOut(), timeoutMs);
    const body = hasBody ? this.#upload(incoming, uploadLimit) : null;
    const headers = upstreamHeaders(incoming.rawHeaders, client);
    pool.dispatch({ path, method: (incoming.method ?? 'GET') as Dispatcher.HttpMethod, headers, body }, this);
  }

  /** The request is never handed to undici itself: it would destroy it, and the answer with it. */
  #upload(incoming: IncomingMessage, limit: number): PassThrough {
    const body = new PassThrough();
    this.#body = body;
    incoming.on('data', (chunk: Buffer) => {
      this.requestBytes += chunk.length;
      // Nobody reads it any more: it is thrown away.
      if (this.#refused || body.destroyed) return;
      if (this.requestBytes > limit) {
        this.#refuse(413, `the body may have ${limit} bytes at most`);
        return;
      }
      this.#timer?.refresh();
      if (!body.write(chunk)) {
        incoming.pause();
        body.once('drain', () => incoming.resume());
      }
    });
    incoming.on('end', () => {
      if (!this.#refused) body.end();
    });
    incoming.on('error', () => body.destroy());
    // An upstream that stopped reading must not leave the rest unread.
    body.on('error', () => incoming.resume());
    body.on('close', () => incoming.resume());
    return body;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#abort = (reason) => controller.abort(reason ?? new Error('refused'));
    if (this.#refused) this.#abort();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 103 and other interim answers come this way too; they are not the answer.
    if (status < 200 || this.#refused) return;
    this.#stopTimer();
    const { outgoing, requestId } = this.options;
    const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
    const headers = clientHeaders(
      raw.map((part) => part.toString('latin1')),
      requestId,
    );
    const length = headers.findIndex((name, i) => i % 2 === 0 && name === 'content-length');
    this.#expected = length < 0 ? -1 : Number(headers[length + 1]);
    outgoing.writeHead(status, headers);
    // The head of an event stream must not wait for its first event.
    if (this.#expected < 0) outgoing.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#refused) return;
    const { outgoing } = this.options;
    this.responseBytes += chunk.length;
    if (this.responseBytes === this.#expected) this.#end(chunk);
    else if (!outgoing.write(chunk)) {
      controller.pause();
      outgoing.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (!this.#refused) this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const { outgoing } = this.options;
    if (this.#refused || outgoing.destroyed) return;
    if (outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
    const slow = 'code' in error && /TIMEOUT/.test(String(error.code));
    this.#refuse(
      slow ? 504 : 502,
      slow ? 'the service behind did not answer in time' : 'the service behind is down',
    );
  }

  /** Nothing has come for long: whose fault that is depends on who had to go on. */
  #timeOut(): void {
    const wantsMore = this.#body !== null && !this.#body.writableNeedDrain && !this.options.incoming.complete;
    if (wantsMore) this.#refuse(408, 'the rest of the request did not come in time');
    else this.#refuse(504, 'the service behind did not answer in time');
  }

  /** Answers in the upstream's place. */
  #refuse(status: number, detail: string): void {
    const { outgoing, requestId } = this.options;
    this.#stopTimer();
    this.#refused = true;
    this.#abort?.(new Error(detail));
    this.#body?.destroy();
    if (outgoing.headersSent) return;
    const body = problemBody(status, detail);
    this.responseBytes = Buffer.byteLength(body);
    const length = String(this.responseBytes);
    outgoing.writeHead(status, [
      'content-type',
      'application/problem+json',
      'content-length',
      length,
      'x-request-id',
      requestId,
    ]);
    this.#end(body);
  }

  /** Ends the answer; what is left of the request is read on before, or the client would see a reset. */
  #end(last?: Buffer | string): void {
    const { incoming, outgoing } = this.options;
    if (this.#ending) return;
    this.#ending = true;
    if (incoming.complete) {
      outgoing.end(last);
      return;
    }
    if (last !== undefined) outgoing.write(last);
    else outgoing.flushHeaders();
    const end = (): void => {
      clearTimeout(cut);
      outgoing.end();
    };
    const cut = setTimeout(end, DISCARD_MS);
    incoming.once('end', end).once('close', end);
    incoming.resume();
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
