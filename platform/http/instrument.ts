import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import type { Registry } from 'prom-client';
import { bodyBytes } from './body-bytes.js';
import { HttpMetrics } from './metrics.js';

export interface InstrumentOptions {
  readonly registry: Registry;
  readonly service: string;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  /** Template of a request's route; `unmatched` where there is none. */
  readonly routeOf: (method: string, path: string) => string;
}

/**
 * Counts what a service answers: duration and sizes by route, method and status. For services whose
 * answers are small and whole: one without a content-length is copied to be measured.
 */
export function instrument({ registry, service, monotonic, routeOf }: InstrumentOptions): MiddlewareHandler {
  const metrics = new HttpMetrics(registry, service);
  return async (c, next) => {
    const since = monotonic();
    // Nobody has begun to read the body yet. Without a server there is only what is said of it.
    const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
    const received = incoming && bodyBytes(incoming);
    await next();
    const { method, path } = c.req;
    metrics.observe({
      route: routeOf(method, path),
      method,
      status: c.res.status,
      seconds: (monotonic() - since) / 1000,
      requestBytes: received?.() ?? Number(c.req.header('content-length') ?? 0),
      responseBytes: method === 'HEAD' ? 0 : await sizeOf(c.res),
    });
  };
}

const sizeOf = async (answer: Response): Promise<number> =>
  Number(answer.headers.get('content-length') ?? (await answer.clone().arrayBuffer()).byteLength);

/** A route table as `routeOf`: method, template, pattern. */
export const routeTable =
  (routes: readonly (readonly [string, string, RegExp])[]): InstrumentOptions['routeOf'] =>
  (method, path) =>
    routes.find(([verb, , pattern]) => answers(verb, method) && pattern.test(path))?.[1] ?? 'unmatched';

/** A HEAD is answered by the route of its GET, where it has none of its own. */
const answers = (verb: string, method: string): boolean =>
  verb === method || (method === 'HEAD' && verb === 'GET');
