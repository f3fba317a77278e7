import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpMetrics } from '../platform/http/metrics.js';
import type { RefusedRequest } from '../platform/http/refuse.js';
import { traceIdOf } from '../platform/http/trace-parent.js';
import type { Lines } from '../platform/telemetry/lines.js';
import { routeOf } from './routes.js';

/** What an answer's accounting needs to know of it. */
export interface Counted {
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly upstreamMs: number | null;
  /** What was wrong with the upstream, by its code. */
  readonly error?: string | null;
}

interface Entry extends Counted {
  readonly requestId: string;
  readonly method: string;
  readonly target: string;
  readonly traceparent: string | string[] | undefined;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  /** The answer did not get through. */
  readonly cut: boolean;
}

const MOST_PATH = 200;
const requestIds = /^[A-Za-z0-9._-]{1,128}$/;

/** The client's own id of a request, where it is one. */
export function givenId(incoming: IncomingMessage | null): string | null {
  const given = incoming?.headers['x-request-id'];
  return typeof given === 'string' && requestIds.test(given) ? given : null;
}

export const pathOf = (target: string): string => target.split('?', 1)[0] ?? target;

/** Metrics and log lines of requests. */
export class Accounting {
  constructor(
    readonly metrics: HttpMetrics,
    /** Monotonic, ms. */
    readonly monotonic: () => number,
    readonly log: Lines | null,
  ) {}

  /** Of one exchange, once its answer is through or cut. */
  follow(incoming: IncomingMessage, outgoing: ServerResponse, requestId: string, counted: Counted): void {
    const since = this.monotonic();
    const target = incoming.url ?? '/';
    outgoing.once('close', () => {
      const { requestBytes, responseBytes, upstreamMs, error = null } = counted;
      this.#enter({
        ...{ requestId, requestBytes, responseBytes, upstreamMs, error, target },
        method: incoming.method ?? 'GET',
        traceparent: incoming.headers.traceparent,
        route: routeOf(pathOf(target)),
        status: outgoing.headersSent ? outgoing.statusCode : 499,
        ms: this.monotonic() - since,
        cut: !outgoing.writableFinished,
      });
    });
  }

  /** Of what was refused before it was a request. */
  refused({ incoming, status, responseBytes }: RefusedRequest, requestId: string): void {
    this.#enter({
      ...{ requestId, status, responseBytes, requestBytes: 0, upstreamMs: null, route: 'unmatched', ms: 0 },
      method: incoming?.method ?? '',
      target: incoming?.url ?? '',
      traceparent: incoming?.headers.traceparent,
      cut: false,
    });
  }

  #enter(entry: Entry): void {
    const { requestId, method, route, status, ms, requestBytes, responseBytes, upstreamMs } = entry;
    this.metrics.observe({ route, method, status, seconds: ms / 1000, requestBytes, responseBytes });
    this.log?.info(
      {
        ...{ component: 'gateway', requestId, traceId: traceIdOf(String(entry.traceparent ?? '')), method },
        ...{ route, path: pathOf(entry.target).slice(0, MOST_PATH), status, ms: tenths(ms) },
        ...{ requestBytes, responseBytes, upstreamMs: upstreamMs === null ? null : tenths(upstreamMs) },
        ...(entry.error ? { error: entry.error } : {}),
        ...(entry.cut ? { cut: true } : {}),
      },
      'request',
    );
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
