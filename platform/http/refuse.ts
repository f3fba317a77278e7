import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { malformedIn, type Refused, refusedByParser } from './malformed.js';
import { problemBody } from './problem.js';

export interface RefusedRequest extends Refused {
  /** Null where nothing could be read of it. */
  readonly incoming: IncomingMessage | null;
  /** Of the answer's body, bytes. */
  readonly responseBytes: number;
}

/** Told of a refusal; gives headers of its answer. */
export type OnRefused = (refused: RefusedRequest) => Readonly<Record<string, string>>;

/** A response says so of itself where its request turns out malformed in its body; whoever listens answers. */
export const MALFORMED = 'malformed';

/** Answers in place of a handler, and ends the connection: where the next request would begin is not known. */
export function refuseMalformed(onRefused: OnRefused = () => ({})) {
  const answerTo = (
    refused: Refused,
    incoming: IncomingMessage | null,
    more: Record<string, string> = {},
  ) => {
    const body = problemBody(refused.status, refused.detail);
    const responseBytes = incoming?.method === 'HEAD' ? 0 : Buffer.byteLength(body);
    const headers = {
      ...{ ...more, ...onRefused({ ...refused, incoming, responseBytes }) },
      ...{ 'content-type': 'application/problem+json', 'content-length': String(Buffer.byteLength(body)) },
    };
    return { body, headers };
  };
  const onResponse = (refused: Refused, incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { body, headers } = answerTo(refused, incoming);
    outgoing.shouldKeepAlive = false;
    outgoing.writeHead(refused.status, headers).end(body);
  };
  const onSocket = (
    refused: Refused,
    socket: Duplex,
    incoming: IncomingMessage | null,
    more?: Record<string, string>,
  ): void => {
    const { body, headers } = answerTo(refused, incoming, more);
    const lines = Object.entries({ ...headers, connection: 'close', date: new Date().toUTCString() });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.end(`HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}\r\n${head}\r\n${body}`, () =>
      socket.destroy(),
    );
  };
  /** In the middle of what comes on a connection. */
  const midway = (refused: Refused, socket: Duplex): void => {
    // Node's own way to the answer that is under way on a connection.
    const current = (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
    if (!current) onSocket(refused, socket, null);
    else if (current.req.complete) {
      // It is of the next request, whose answer must not be taken for that of this one.
      current.shouldKeepAlive = false;
      current.once('finish', () => socket.destroy());
    } else if (current.headersSent) socket.destroy();
    else if (!current.emit(MALFORMED, refused)) onResponse(refused, current.req, current);
  };
  return {
    /** Whether it was refused. */
    request(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
      const refused = malformedIn(incoming);
      if (refused) onResponse(refused, incoming, outgoing);
      return refused !== null;
    },
    expectation(incoming: IncomingMessage, outgoing: ServerResponse): void {
      onResponse({ status: 417, detail: 'only 100-continue may be expected' }, incoming, outgoing);
    },
    tunnel(incoming: IncomingMessage, socket: Duplex): void {
      socket.on('error', () => undefined);
      onSocket({ status: 405, detail: 'this is no proxy: CONNECT is not for it' }, socket, incoming, {
        allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      });
    },
    broken(error: NodeJS.ErrnoException, socket: Duplex): void {
      // The client is gone, in the middle of its request too, or has been answered.
      if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable)
        socket.destroy();
      else midway(refusedByParser(error), socket);
    },
    /** The rest of a body does not come: whoever reads it would wait for ever. */
    stalled(socket: Duplex): void {
      midway({ status: 408, detail: 'the rest of the request did not come in time' }, socket);
    },
  };
}
