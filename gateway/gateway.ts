import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { Pool } from 'undici';
import { HttpMetrics } from '../platform/http/metrics.js';
import type { OnRefused } from '../platform/http/refuse.js';
import type { Lines } from '../platform/telemetry/lines.js';
import { Accounting, type Counted, givenId, pathOf } from './accounting.js';
import { clientsBehind } from './client.js';
import { answerPreflight } from './cross-origin.js';
import { type Answered, EarlyAnswer, type Refusal, waitsToSend } from './early-answer.js';
import { Exchange } from './exchange.js';
import { FileAnswer } from './files.js';
import { type HttpBindings, RESPONSE_ALREADY_SENT } from './hono-node.js';
import { Limits } from './limits.js';
import type { Rate } from './rate-limit.js';
import { isPlain } from './routes.js';

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
  readonly log?: Lines;
  /** Greatest request body, bytes. */
  readonly uploadLimit?: number;
  /** How long the upstream may take to begin its answer, and a client to go on, ms. */
  readonly timeoutMs?: number;
  /** The origin whose pages may use it from a browser, beside its own; null: none. */
  readonly viewOrigin?: string | null;
  /** Requests that video management may be busy with; more are told to come again. */
  readonly maxInFlight?: number;
  /** Requests that each client may send; null: as many as it likes. */
  readonly rate?: Rate | null;
  /** Addresses of proxies, or their networks as CIDR, whose word on who asks is believed. */
  readonly trustedProxies?: readonly string[];
  /** Further routes of the same port. */
  readonly mount?: (app: Hono<Env>) => void;
}

/** What `serve` is given: it has to let it ask for bodies itself. */
export interface Gateway {
  readonly fetch: (request: Request, env: HttpBindings) => Promise<Response>;
  readonly onRefused: OnRefused;
  readonly asksForBodies: true;
  /** What is proxied has its own timeout, which comes first. */
  readonly bodyMs: number;
  /** From here on it says at /readyz that nothing is to be sent here any more. */
  drain(): void;
  close(): Promise<void>;
}

interface Env {
  Bindings: HttpBindings;
}

interface Startable extends Counted {
  start(): void;
}

const PREFIX = '/vms';
const FILES = '/videofiles';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const methods: ReadonlySet<string> = new Set(METHODS.split(', '));

/** The front door: everything under /vms goes to video management, the prefix stripped. */
export function createGateway(options: GatewayOptions): Gateway {
  const { registry, vms, videoFiles, newId, monotonic, log = null, mount } = options;
  const { uploadLimit = 1024 ** 3, timeoutMs = 30_000, viewOrigin = null } = options;
  const { maxInFlight = 256, rate = null, trustedProxies = [] } = options;
  const accounting = new Accounting(new HttpMetrics(registry, 'gateway'), monotonic, log);
  const limits = new Limits({ registry, maxInFlight, rate, monotonic });
  const clientOf = clientsBehind(trustedProxies);
  // A connection for each, so that none waits for another unseen.
  const pool = new Pool(vms, { connections: maxInFlight, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const onReleased = (): void => limits.leave();
  const common = { pool, uploadLimit, timeoutMs, monotonic, onReleased };
  const app = new Hono<Env>();
  let draining = false;

  const answer = ({ incoming, outgoing, requestId }: Answered, by: Startable): void => {
    accounting.follow(incoming, outgoing, requestId, by);
    by.start();
  };
  const refuse = (answered: Answered, refusal: Refusal): void =>
    answer(answered, new EarlyAnswer(answered, refusal));

  const proxy = (answered: Answered, target: string): void => {
    const client = clientOf(answered.incoming);
    const refusal = limits.ask(client.address) ?? limits.enter();
    if (refusal) {
      refuse(answered, refusal);
      return;
    }
    const path = target.slice(PREFIX.length);
    const exchange = new Exchange(common, {
      answered,
      client,
      path: path.startsWith('/') ? path : `/${path}`,
    });
    answer(answered, exchange);
  };

  const serveFile = (answered: Answered, path: string): void => {
    const refusal = limits.ask(clientOf(answered.incoming).address);
    if (refusal) refuse(answered, refusal);
    else answer(answered, new FileAnswer(videoFiles, { ...answered, path: path.slice(FILES.length) }));
  };

  /** Whether it is answered here: not by routes of Hono's, which would copy an answer to HEAD and lose its mark. */
  const take = (incoming: IncomingMessage, outgoing: ServerResponse, requestId: string): boolean => {
    const answered = { incoming, outgoing, requestId };
    const target = incoming.url ?? '/';
    const path = pathOf(target);
    const proxied = path === PREFIX || path.startsWith(`${PREFIX}/`);
    const ours = proxied || path.startsWith(`${FILES}/`);
    if (!isPlain(path))
      refuse(answered, {
        status: 400,
        detail: 'the path holds dot segments, backslashes or encoded slashes',
      });
    else if (!methods.has(incoming.method ?? ''))
      refuse(answered, {
        status: 405,
        detail: `${incoming.method} is not for here`,
        headers: { allow: METHODS },
      });
    else if (isSocket(incoming))
      refuse(answered, {
        status: 501,
        detail: 'there are no websockets here: ask again without Upgrade',
      });
    else if (ours && viewOrigin !== null && answerPreflight(answered, viewOrigin))
      accounting.follow(incoming, outgoing, requestId, {
        requestBytes: 0,
        responseBytes: 0,
        upstreamMs: null,
      });
    else if (proxied) proxy(answered, target);
    else if (ours) serveFile(answered, path);
    else return false;
    return true;
  };

  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', (c) => (draining ? c.text('draining', 503) : c.text('ok')));
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
  mount?.(app);
  app.notFound((c) => {
    const { incoming, outgoing } = c.env;
    const requestId = String(outgoing.getHeader('x-request-id'));
    refuse({ incoming, outgoing, requestId }, { status: 404, detail: `there is nothing at ${c.req.path}` });
    return RESPONSE_ALREADY_SENT;
  });

  return {
    fetch: async (request, env) => {
      const { incoming, outgoing } = env;
      const requestId = givenId(incoming) ?? newId();
      if (take(incoming, outgoing, requestId)) return RESPONSE_ALREADY_SENT;
      outgoing.setHeader('x-request-id', requestId);
      if (waitsToSend(incoming)) outgoing.writeContinue();
      const response = await app.fetch(request, env);
      // For HEAD, Hono has copied the answer.
      return outgoing.headersSent ? RESPONSE_ALREADY_SENT : response;
    },
    onRefused: (refused) => {
      const requestId = givenId(refused.incoming) ?? newId();
      accounting.refused(refused, requestId);
      return { 'x-request-id': requestId };
    },
    asksForBodies: true,
    bodyMs: Math.max(120_000, 4 * timeoutMs),
    drain: () => {
      draining = true;
    },
    close: () => pool.destroy(),
  };
}

/** What waits for frames cannot go on with an ordinary answer; to any other protocol it need not be changed. */
const isSocket = ({ headers: { upgrade = '', connection = '' } }: IncomingMessage): boolean =>
  /\bwebsocket\b/i.test(upgrade) && /\bupgrade\b/i.test(connection);
