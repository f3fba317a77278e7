import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemBody } from '../platform/http/problem.js';

/** Behind an early answer, the rest of the request is read and thrown away for so long, so that the answer is seen. */
const DISCARD_MS = 10_000;

export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly requestId: string;
}

/** Whether the client waits to be asked for the body. */
export const waitsToSend = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect?.toLowerCase() === '100-continue' && httpVersion === '1.1';

/** Writes the head of a refusal; gives the body that belongs to it, none for HEAD. */
export function refusalHead({ incoming, outgoing, requestId }: Answered, refusal: Refusal): Buffer {
  const body = Buffer.from(problemBody(refusal.status, refusal.detail));
  outgoing.writeHead(refusal.status, {
    ...refusal.headers,
    'content-type': 'application/problem+json',
    'content-length': String(body.length),
    'x-request-id': requestId,
  });
  return incoming.method === 'HEAD' ? Buffer.alloc(0) : body;
}

/**
 * Ends the answer, and before that reads what is left of the request, or the client would see a reset. The
 * connection ends where the rest does not come in time: nobody knows where the next request begins.
 */
export function endWhenRead({ incoming, outgoing }: Answered, last?: Buffer): void {
  if (incoming.complete) {
    outgoing.end(last);
    return;
  }
  if (last !== undefined && last.length > 0) outgoing.write(last);
  else outgoing.flushHeaders();
  const end = (): void => {
    clearTimeout(cut);
    outgoing.end();
  };
  const cut = setTimeout(() => {
    outgoing.shouldKeepAlive = false;
    outgoing.end(() => incoming.socket.destroySoon());
  }, DISCARD_MS);
  incoming.once('end', end).once('close', end);
  incoming.resume();
}

/** A request that is answered here, whatever its body is. */
export class EarlyAnswer {
  requestBytes = 0;
  responseBytes = 0;
  readonly upstreamMs = null;

  constructor(
    readonly answered: Answered,
    readonly refusal: Refusal,
  ) {}

  start(): void {
    const { incoming, outgoing } = this.answered;
    // It was not asked for the body, and may send it or not.
    if (waitsToSend(incoming)) outgoing.shouldKeepAlive = false;
    const body = refusalHead(this.answered, this.refusal);
    this.responseBytes = body.length;
    incoming.on('data', (chunk: Buffer) => {
      this.requestBytes += chunk.length;
    });
    endWhenRead(this.answered, body);
  }
}
