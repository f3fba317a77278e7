import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import prometheusQuery from 'prometheus-query';
import {
  type Answer,
  type Body,
  PrometheusError,
  rejection,
  type Series,
  seriesOf,
} from './prometheus-answer.js';

// Named imports of what is CommonJS depend on who loads it.
const { PrometheusDriver } = prometheusQuery;

export interface PrometheusSettings {
  /** Where it is, perhaps with a path before `/api/v1`. */
  readonly url: string;
  readonly basic?: { readonly username: string; readonly password: string };
  /** File of a bearer token; read for every request, since tokens change. */
  readonly tokenFile?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM texts; `ca` in place of the usual authorities. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How long an answer may take, ms. */
  readonly timeoutMs?: number;
}

export interface Range {
  /** ms since the epoch. What is at `from` itself may be there or not: 2.x has it, 3.x does not. */
  readonly from: number;
  readonly to: number;
}

export interface Prometheus {
  /** Its own clock, ms since the epoch. */
  clock(signal: AbortSignal): Promise<number>;
  /** Targets that it knows at the time: label sets of `up`. */
  targets(at: number, signal: AbortSignal): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Raw samples of all series with one of the names. */
  samples(names: readonly string[], range: Range, signal: AbortSignal): Promise<readonly Series[]>;
}

const TIMEOUT_MS = 30_000;

/**
 * The HTTP API of Prometheus, 2.x and 3.x. Rejects with `PrometheusError` alone; an answer with warnings
 * is a partial one, and rejects too.
 */
export function prometheus(settings: PrometheusSettings): Prometheus {
  const { url, tls = {} } = settings;
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true, ...tls }),
  };
  const where = new URL(url).host;

  /** `at`: evaluated at this time, ms; null is its own now. */
  const ask = async (query: string, at: number | null, signal: AbortSignal): Promise<Answer> => {
    const { basic, headers = {}, tokenFile, timeoutMs = TIMEOUT_MS } = settings;
    let answer: Body | null = null;
    let status: number | undefined;
    // A driver per request is an object, and the only way to tell its requests apart.
    const driver = new PrometheusDriver({
      endpoint: url,
      headers,
      ...(basic === undefined ? {} : { auth: basic }),
      timeout: timeoutMs,
      preferPost: true,
      requestInterceptor: {
        onFulfilled: async (config) => {
          if (tokenFile !== undefined)
            config.headers.set('authorization', `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`);
          // It always asks at a time, by this machine's clock where none was given.
          if (at === null) (config.data as URLSearchParams).delete('time');
          return Object.assign(config, agents, { signal });
        },
      },
      responseInterceptor: {
        onFulfilled: (response) => {
          answer = response.data as Body;
          // Kept from its parser, which makes NaN of +Inf and throws at native histograms.
          return { ...response, data: { status: 'success', data: { resultType: 'matrix', result: [] } } };
        },
        onRejected: (error: { readonly response?: { readonly status: number } }) => {
          status = error.response?.status;
          throw error;
        },
      },
    });
    try {
      // Milliseconds: seconds would give no series, and no error.
      await driver.instantQuery(query, at ?? undefined);
    } catch (error) {
      throw rejection({ where, status, signal }, error);
    }
    return checked(where, answer);
  };

  return {
    clock: async (signal) => {
      const { resultType, result } = await ask('time()', null, signal);
      const [seconds] = result as readonly unknown[];
      if (resultType !== 'scalar' || typeof seconds !== 'number')
        throw new PrometheusError('Unreadable', `${where} answered no time`);
      return Math.round(seconds * 1000);
    },
    targets: async (at, signal) => seriesOf(await ask('up', at, signal)).map(({ labels }) => labels),
    samples: async (names, { from, to }, signal) => {
      const selector = `{__name__=~${JSON.stringify(names.map(literally).join('|'))}}`;
      return seriesOf(await ask(`${selector}[${Math.max(1, to - from)}ms]`, to, signal));
    },
  };
}

const literally = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

function checked(where: string, body: Body | null): Answer {
  if (body?.status !== 'success' || body.data === undefined)
    throw new PrometheusError('Unreadable', `${where} answered what is no answer of Prometheus`);
  const { warnings = [] } = body;
  if (warnings.length > 0)
    throw new PrometheusError('Partial', `${where} answered in part: ${warnings.join('; ')}`);
  return body.data;
}
