import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpMetrics } from '../platform/http/metrics.js';
import type { RefusedRequest } from '../platform/http/refuse.js';
import { requestIdOf } from '../platform/http/request-id.js';
import { traceIdOf } from '../platform/http/trace-parent.js';
import type { Line, Lines } from '../platform/telemetry/lines.js';
import { routeOf } from './routes.js';

/** What an answer's accounting needs to know of it. */
export interface Counted {
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly upstreamMs: number | null;
  /** What was wrong with the upstream, by its code. */
  readonly error?: string | null;
}

interface Entry {
  /** Null where nothing could be read of it. */
  readonly incoming: IncomingMessage | null;
  readonly requestId: string;
  readonly counted: Counted;
  readonly status: number;
  readonly ms: number;
  /** The answer did not get through. */
  readonly cut: boolean;
  /** Else that of its path. */
  readonly route?: string;
}

const MOST_PATH = 200;

/** The client's own id of a request, where it is one. */
export const givenId = (incoming: IncomingMessage | null): string | null =>
  requestIdOf(incoming?.headers['x-request-id']);

export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

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
    outgoing.once('close', () => {
      const status = outgoing.headersSent ? outgoing.statusCode : 499;
      const ms = this.monotonic() - since;
      this.#enter({ incoming, requestId, counted, status, ms, cut: !outgoing.writableFinished });
    });
  }

  /** Of what was refused before it was a request. */
  refused({ incoming, status, responseBytes }: RefusedRequest, requestId: string): void {
    const counted = { requestBytes: 0, responseBytes, upstreamMs: null };
    this.#enter({ incoming, requestId, counted, status, ms: 0, cut: false, route: 'unmatched' });
  }

  /** Once for each request: so objects are made in one piece. */
  #enter({ incoming, requestId, counted, status, ms, cut, route: known }: Entry): void {
    const { requestBytes, responseBytes, upstreamMs, error } = counted;
    const method = incoming?.method ?? '';
    const path = pathOf(incoming?.url ?? '');
    const route = known ?? routeOf(path);
    this.metrics.observe({ route, method, status, seconds: ms / 1000, requestBytes, responseBytes });
    if (this.log === null) return;
    const traceparent = incoming?.headers.traceparent;
    const line: Record<string, Line[string]> = {
      component: 'gateway',
      requestId,
      traceId: typeof traceparent === 'string' ? traceIdOf(traceparent) : null,
      method,
      route,
      path: path.slice(0, MOST_PATH),
      status,
      ms: tenths(ms),
      requestBytes,
      responseBytes,
      upstreamMs: upstreamMs === null ? null : tenths(upstreamMs),
    };
    if (error) line.error = error;
    if (cut) line.cut = true;
    this.log.info(line, 'request');
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
