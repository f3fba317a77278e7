import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { MALFORMED } from '../platform/http/refuse.js';
import type { Client } from './client.js';
import { type Answered, endWhenRead, type Refusal, refusalHead, waitsToSend } from './early-answer.js';
import { clientHeaders, trailersOf, upstreamHeaders } from './headers.js';
import { Upload } from './upload.js';

/** What all exchanges of a gateway have in common. */
export interface ExchangeOptions {
  readonly pool: Pool;
  /** Greatest request body, bytes. */
  readonly uploadLimit: number;
  /** How long whoever has to go on may do nothing: upstream until its answer begins, the client at any time, ms. */
  readonly timeoutMs: number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  /** The upstream has nothing to do with it any more. */
  readonly onReleased: () => void;
}

export interface Proxied {
  readonly answered: Answered;
  /** Raw path and query as they go upstream. */
  readonly path: string;
  readonly client: Client;
}

/** What may be asked for twice without harm: nothing is changed by it. */
const safe = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A pooled connection that the other side has just closed ends so. */
const stale = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const slow = { status: 504, detail: 'the service behind did not answer in time' };
const down = { status: 502, detail: 'the service behind is down' };

/**
 * One proxied request: an undici handler that writes to the client as it reads from upstream. Nothing
 * is awaited, nothing is collected; the caller listens to the response's `close`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  responseBytes = 0;
  /** From the start to the head of the upstream's answer, ms; null without one. */
  upstreamMs: number | null = null;
  /** What was wrong with the upstream, by its code. */
  error: string | null = null;
  readonly #since: number;
  readonly #declared: number;
  readonly #upload: Upload | null;
  #headers: string[] = [];
  #abort: ((reason: Error) => void) | null = null;
  #expected = -1;
  #refused = false;
  #ending = false;
  #retried = false;
  #released = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    readonly options: ExchangeOptions,
    readonly proxied: Proxied,
  ) {
    const { incoming } = proxied.answered;
    const { uploadLimit } = options;
    this.#since = options.monotonic();
    this.#declared = Number(incoming.headers['content-length'] ?? 0);
    const hasBody = this.#declared > 0 || incoming.headers['transfer-encoding'] !== undefined;
    this.#upload = hasBody
      ? new Upload(incoming, {
          onProgress: (bytes) => {
            if (bytes > uploadLimit) this.#refuse(tooLarge(uploadLimit));
            else this.#timer?.refresh();
          },
        })
      : null;
  }

  /** Of the body as far as it came, bytes. */
  get requestBytes(): number {
    return this.#upload?.bytes ?? 0;
  }

  start(): void {
    const { answered, client } = this.proxied;
    const { incoming, outgoing, requestId } = answered;
    const { uploadLimit, timeoutMs } = this.options;
    outgoing.once('close', () => {
      this.#stopTimer();
      if (!outgoing.writableFinished) this.#abort?.(new Error('the client went away'));
      this.#upload?.cut();
      this.#release();
    });
    outgoing.once(MALFORMED, (refused: Refusal) => this.#refuse(refused, 'lost'));
    if (this.#declared > uploadLimit) {
      if (waitsToSend(incoming)) outgoing.shouldKeepAlive = false;
      this.#refuse(tooLarge(uploadLimit));
      return;
    }
    this.#timer = setTimeout(() => this.#timeOut(), timeoutMs);
    this.#headers = upstreamHeaders(incoming, client, requestId);
    if (waitsToSend(incoming)) outgoing.writeContinue();
    if (this.#upload && incoming.headers['transfer-encoding'] !== undefined)
      // A chunk that is framed wrongly is to be found before the upstream hears of it.
      this.#upload.onceBegun(() => this.#dispatch());
    else this.#dispatch();
  }

  #dispatch(): void {
    const { answered, path } = this.proxied;
    if (this.#refused || answered.outgoing.destroyed) return;
    const method = (answered.incoming.method ?? 'GET') as Dispatcher.HttpMethod;
    this.options.pool.dispatch(
      { path, method, headers: this.#headers, body: this.#upload?.body ?? null },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#abort = (reason) => controller.abort(reason);
    if (this.#refused || this.proxied.answered.outgoing.destroyed)
      controller.abort(new Error('nobody waits for it'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    parsed: IncomingHttpHeaders,
  ): void {
    if (this.#refused) return;
    const { outgoing, requestId } = this.proxied.answered;
    // Interim answers come this way too; they are not the answer.
    if (status < 200) {
      if (status === 103) this.#hint(parsed.link);
      return;
    }
    this.#stopTimer();
    this.upstreamMs = this.options.monotonic() - this.#since;
    const headers = clientHeaders((controller.rawHeaders ?? []) as (Buffer | string)[], parsed, requestId);
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i] === 'content-length') this.#expected = Number(headers[i + 1]);
      // What was set before would be replaced.
      else if (headers[i] === 'vary' && outgoing.hasHeader('vary'))
        headers[i + 1] = `${outgoing.getHeader('vary')}, ${headers[i + 1]}`;
    }
    outgoing.writeHead(status, headers);
    // Its length is that of what the client has: undici waits for the bytes, and calls it broken.
    if (status === 304) this.#end();
    // The head of an event stream must not wait for its first event.
    else if (this.#expected < 0) outgoing.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#refused) return;
    const { outgoing } = this.proxied.answered;
    this.responseBytes += chunk.length;
    if (this.responseBytes === this.#expected) this.#end(chunk);
    else if (!outgoing.write(chunk)) {
      controller.pause();
      // A client that reads nothing for long must not keep the upstream's connection.
      this.#stopTimer();
      this.#timer = setTimeout(() => outgoing.destroy(), this.options.timeoutMs);
      outgoing.once('drain', () => {
        this.#stopTimer();
        controller.resume();
      });
    }
  }

  onResponseEnd(_: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#release();
    if (this.#refused || this.#ending) return;
    const { incoming, outgoing } = this.proxied.answered;
    const wanted = /\btrailers\b/i.test(String(incoming.headers.te));
    if (wanted && this.#expected < 0) outgoing.addTrailers(trailersOf(trailers));
    this.#end();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    const { incoming, outgoing } = this.proxied.answered;
    const code = 'code' in error ? String(error.code) : error.name;
    if (this.#refused || this.#ending || outgoing.destroyed) return;
    if (outgoing.headersSent) {
      this.error = code;
      outgoing.destroy();
      return;
    }
    if (stale.has(code) && !this.#retried && !this.#upload && safe.has(incoming.method ?? '')) {
      this.#retried = true;
      this.#dispatch();
      return;
    }
    this.error = code;
    this.#refuse(/TIMEOUT/.test(code) ? slow : down);
  }

  /** An interim answer that says what to fetch ahead. */
  #hint(link: IncomingHttpHeaders['link']): void {
    const { incoming, outgoing } = this.proxied.answered;
    if (link === undefined || incoming.httpVersion !== '1.1' || outgoing.headersSent) return;
    try {
      outgoing.writeEarlyHints({ link });
    } catch {
      // Node takes simple links only; a hint may be lost.
    }
  }

  /** Nothing has come for long: whose fault that is depends on who had to go on. */
  #timeOut(): void {
    if (!this.#upload?.isAwaited) {
      this.error = 'timeout';
      this.#refuse(slow);
      return;
    }
    this.#refuse({ status: 408, detail: 'the rest of the request did not come in time' }, 'lost');
  }

  /** Answers in the upstream's place. Where the rest of the request is lost, nobody waits for it. */
  #refuse(refusal: Refusal, rest: 'read' | 'lost' = 'read'): void {
    const { outgoing } = this.proxied.answered;
    if (this.#refused) return;
    this.#stopTimer();
    this.#refused = true;
    this.#abort?.(new Error(refusal.detail));
    this.#upload?.cut();
    this.#release();
    if (outgoing.headersSent) {
      // Part of another answer is through.
      if (!this.#ending) outgoing.destroy();
      return;
    }
    if (rest === 'lost') outgoing.shouldKeepAlive = false;
    const body = refusalHead(this.proxied.answered, refusal);
    this.responseBytes = body.length;
    if (rest === 'lost') outgoing.end(body);
    else this.#end(body);
  }

  #end(last?: Buffer): void {
    if (this.#ending) return;
    this.#ending = true;
    endWhenRead(this.proxied.answered, last);
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.options.onReleased();
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const tooLarge = (limit: number): Refusal => ({
  status: 413,
  detail: `the body may have ${limit} bytes at most`,
});
