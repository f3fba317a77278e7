import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { originForm } from './malformed.js';
import { type OnRefused, refuseMalformed } from './refuse.js';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /**
   * Asks clients for so many ms, by `Connection: close`, to go elsewhere, while it still accepts all. Then it stops
   * accepting, lets requests that are under way finish for `drainMs`, and cuts them.
   */
  close(drainMs: number, waitMs?: number): Promise<void>;
}

export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

export interface ServeOptions {
  readonly fetch: (request: Request, env: never) => Response | Promise<Response>;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** How long the head of a request may take from its connection, or from its first byte on, ms. */
  readonly headMs?: number;
  /** A body of which nothing comes for so long, or half of it, ends its request, ms. */
  readonly bodyMs?: number;
  /** How long a connection is kept for a next request, ms. */
  readonly idleMs?: number;
  /** Told of each request that is refused before `fetch` sees it; gives headers of the answer. */
  readonly onRefused?: OnRefused;
  /** `fetch` itself asks for bodies that are announced by `Expect: 100-continue`. */
  readonly asksForBodies?: boolean;
}

type Take = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Listens; rejects with `CannotListen`, one line for people, where port or host are none to listen on. */
export function serve({ fetch, host, port, ...options }: ServeOptions): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: fetch as never,
    overrideGlobalObjects: false,
    // For HTTP/1.0, which needs no Host.
    hostname: 'localhost',
    createServer: (_: unknown, take: Take) => strictServer(take, options),
  } as never) as Server;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      const why = /^(EADDRINUSE|EACCES)$/.test(code)
        ? `port ${port} on ${host} is taken: choose another with --port`
        : `${host} is no address of this machine (${code || error.message}): choose another with --host`;
      reject(new CannotListen(why, { cause: error }));
    });
    server.listen(port, host, () => {
      const bound = (server.address() as AddressInfo).port;
      const origin = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
      const end = async (drainMs: number, waitMs = 0): Promise<void> => {
        retire(server);
        if (waitMs > 0) await new Promise((waited) => setTimeout(waited, waitMs));
        await close(server, drainMs);
      };
      resolve({ port: bound, url: origin, close: end });
    });
  });
}

/** A server that hands on what every reader of HTTP reads alike, and refuses all else. */
function strictServer(take: Take, options: Omit<ServeOptions, 'fetch' | 'host' | 'port'>): Server {
  const { headMs = 30_000, bodyMs = 120_000, idleMs = 15_000, onRefused, asksForBodies = false } = options;
  const refuse = refuseMalformed(onRefused);
  // What comes behind a request that was refused may be part of it.
  const ended = new WeakSet<Socket>();
  const watch = (incoming: IncomingMessage, outgoing: ServerResponse, stalled: () => void): void => {
    let before = -1;
    const look = setInterval(() => {
      const { bytesRead } = incoming.socket;
      if (!incoming.complete && bytesRead === before) stalled();
      if (incoming.complete) clearInterval(look);
      before = bytesRead;
    }, bodyMs / 2);
    outgoing.once('close', () => clearInterval(look));
  };
  const guarded: Take = (incoming, outgoing) => {
    if (ended.has(incoming.socket)) return;
    if (refuse.request(incoming, outgoing)) {
      ended.add(incoming.socket);
      return;
    }
    incoming.url = originForm(incoming.url ?? '/');
    if (hasBody(incoming)) watch(incoming, outgoing, () => refuse.stalled(incoming.socket));
    take(incoming, outgoing);
  };
  const server = createServer(
    {
      insecureHTTPParser: false,
      // Refused here, with a reason.
      requireHostHeader: false,
      // A long upload on a slow line is no fault; an idle connection is cut by the timeouts that stay.
      requestTimeout: 0,
      headersTimeout: headMs,
      connectionsCheckingInterval: Math.min(headMs / 2, 5_000),
      keepAliveTimeout: idleMs,
    },
    guarded,
  );
  // Those beyond a limit would be dropped, and not be seen by whoever checks them; their size is bounded.
  server.maxHeadersCount = 0;
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (!asksForBodies) outgoing.writeContinue();
    guarded(incoming, outgoing);
  });
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (ended.has(incoming.socket)) return;
    ended.add(incoming.socket);
    refuse.expectation(incoming, outgoing);
  });
  server.on('connect', refuse.tunnel);
  server.on('clientError', refuse.broken);
  return server;
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** How often connections are closed that went idle meanwhile, ms. */
const SWEEP_MS = 500;

/** A connection that is kept alive ends with the answer on it, or its client would go on and on. */
function retire(server: Server): void {
  const last: Take = (_, outgoing) => {
    outgoing.shouldKeepAlive = false;
  };
  server.prependListener('request', last);
  server.prependListener('checkContinue', last);
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
