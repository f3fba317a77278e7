import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { Pool } from 'undici';
import { HttpMetrics } from '../platform/http/metrics.js';
import { problem } from '../platform/http/problem.js';
import { answerPreflight } from './cross-origin.js';
import { Exchange } from './exchange.js';
import { FileAnswer } from './files.js';
import { type HttpBindings, RESPONSE_ALREADY_SENT } from './hono-node.js';
import { isPlain, routeOf } from './routes.js';

export interface GatewayOptions {
  /** Origin of video management, like http://127.0.0.1:8081. */
  readonly vms: string;
  /** Folder of the published videos, served under /videofiles. */
  readonly videoFiles: string;
  readonly registry: Registry;
  readonly newId: () => string;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  /** One line per request. */
  readonly log?: (line: Readonly<Record<string, string | number>>, message: string) => void;
  /** Greatest request body, bytes. */
  readonly uploadLimit?: number;
  /** How long the upstream may take to begin its answer, ms. */
  readonly timeoutMs?: number;
  /** The origin whose pages may use it from a browser, beside its own; null: none. */
  readonly viewOrigin?: string | null;
  /** Further routes of the same port. */
  readonly mount?: (app: Hono<Env>) => void;
}

export interface Gateway {
  readonly fetch: (request: Request, env: HttpBindings) => Promise<Response>;
  close(): Promise<void>;
}

/** What an answer's accounting needs to know of it. */
interface Counted {
  readonly requestBytes: number;
  readonly responseBytes: number;
}

interface Env {
  Bindings: HttpBindings;
}

const PREFIX = '/vms';
const FILES = '/videofiles';
const CONNECTIONS = 128;
const requestIds = /^[A-Za-z0-9._-]{1,128}$/;

/** The front door: everything under /vms goes to video management, the prefix stripped. */
export function createGateway(options: GatewayOptions): Gateway {
  const { registry, vms, videoFiles, newId, monotonic, log, mount } = options;
  const { uploadLimit = 1024 ** 3, timeoutMs = 30_000, viewOrigin = null } = options;
  const metrics = new HttpMetrics(registry, 'gateway');
  const pool = new Pool(vms, { connections: CONNECTIONS, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const app = new Hono<Env>();

  /** Metrics and log line of one exchange, once its answer is through or cut. */
  const account = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    one: { route: string; requestId: string; exchange: Counted | null },
  ): void => {
    const since = monotonic();
    outgoing.once('close', () => {
      const ms = monotonic() - since;
      const method = incoming.method ?? 'GET';
      const status = outgoing.headersSent ? outgoing.statusCode : 499;
      const { requestBytes = 0, responseBytes = 0 } = one.exchange ?? {};
      metrics.observe({ route: one.route, method, status, seconds: ms / 1000, requestBytes, responseBytes });
      log?.({ requestId: one.requestId, method, route: one.route, status, ms: Math.round(ms) }, 'request');
    });
  };

  const requestIdOf = ({ headers }: IncomingMessage): string => {
    const given = headers['x-request-id'];
    return typeof given === 'string' && requestIds.test(given) ? given : newId();
  };

  const proxy = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const requestId = requestIdOf(incoming);
    const raw = incoming.url ?? '/';
    const path = raw.slice(PREFIX.length) || '/';
    const exchange = new Exchange({ incoming, outgoing, pool, path, requestId, uploadLimit, timeoutMs });
    account(incoming, outgoing, { route: routeOf(raw.split('?', 1)[0] ?? raw), requestId, exchange });
    exchange.start();
  };

  const serveFile = (incoming: IncomingMessage, outgoing: ServerResponse, full: string): void => {
    const requestId = requestIdOf(incoming);
    const path = full.slice(FILES.length);
    const exchange = new FileAnswer(videoFiles, { incoming, outgoing, path, requestId });
    account(incoming, outgoing, { route: routeOf(full), requestId, exchange });
    exchange.start();
  };

  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', (c) => c.text('ok'));
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  mount?.(app);
  app.notFound((c) => {
    account(c.env.incoming, c.env.outgoing, { route: 'unmatched', requestId: newId(), exchange: null });
    return problem(404, `there is nothing at ${c.req.path}`);
  });

  return {
    fetch: async (request, env) => {
      const raw = env.incoming.url ?? '/';
      const path = raw.split('?', 1)[0] ?? raw;
      if (!isPlain(path)) {
        account(env.incoming, env.outgoing, { route: 'unmatched', requestId: newId(), exchange: null });
        return problem(400, 'the path holds dot segments, backslashes or encoded slashes');
      }
      const ours = path === PREFIX || path.startsWith(`${PREFIX}/`) || path.startsWith(`${FILES}/`);
      if (ours && viewOrigin !== null && answerPreflight(env.incoming, env.outgoing, viewOrigin)) {
        account(env.incoming, env.outgoing, { route: routeOf(path), requestId: newId(), exchange: null });
        return RESPONSE_ALREADY_SENT;
      }
      // Not a route of Hono's: for HEAD it would copy the answer and lose the mark that it is sent.
      if (path === PREFIX || path.startsWith(`${PREFIX}/`)) {
        proxy(env.incoming, env.outgoing);
        return RESPONSE_ALREADY_SENT;
      }
      if (path.startsWith(`${FILES}/`)) {
        serveFile(env.incoming, env.outgoing, path);
        return RESPONSE_ALREADY_SENT;
      }
      return app.fetch(request, env);
    },
    close: () => pool.destroy(),
  };
}
