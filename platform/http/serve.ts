import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

/** A server that listens. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Stops accepting, lets requests that are under way finish for so many ms, then cuts them. */
  close(drainMs: number): Promise<void>;
}

export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

export interface ServeOptions {
  readonly fetch: (request: Request, env: never) => Response | Promise<Response>;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Listens; rejects with `CannotListen`, one line for people, where port or host are none to listen on. */
export function serve({ fetch, host, port }: ServeOptions): Promise<Listening> {
  const server = createAdaptorServer({ fetch: fetch as never, overrideGlobalObjects: false }) as Server;
  // A long upload on a slow line is no fault; an idle connection is cut by the timeouts that stay.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  server.keepAliveTimeout = 15_000;
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
      resolve({ port: bound, url: origin, close: (drainMs) => close(server, drainMs) });
    });
  });
}

/** How often connections are closed that went idle meanwhile, ms. */
const SWEEP_MS = 500;

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    // A connection that is kept alive ends with the answer on it, or its client would go on and on.
    server.prependListener('request', (_, outgoing) => {
      outgoing.shouldKeepAlive = false;
    });
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
