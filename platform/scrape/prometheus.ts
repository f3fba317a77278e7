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
  /** The newest sample of all series with one of the names that have one of late, by its own clock. */
  newest(names: readonly string[], signal: AbortSignal): Promise<readonly Series[]>;
  /** The names of all series that it has. */
  names(signal: AbortSignal): Promise<readonly string[]>;
  /** What targets say that a metric is, as `gauge` or `histogram`; null where none says anything, or not the same. */
  typeOf(metric: string, signal: AbortSignal): Promise<string | null>;
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

  const send = async (request: Request, signal: AbortSignal): Promise<unknown> => {
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
          request.prepare?.(config.data as URLSearchParams);
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
      await request.run(driver);
    } catch (error) {
      throw rejection({ where, status, signal }, error);
    }
    return checked(where, answer);
  };

  /** `at`: evaluated at this time, ms; null is its own now. */
  const ask = async (query: string, at: number | null, signal: AbortSignal): Promise<Answer> => {
    // Milliseconds: seconds would give no series, and no error.
    const run: Request['run'] = (driver) => driver.instantQuery(query, at ?? undefined);
    // It always asks at a time, by this machine's clock where none was given.
    const atItsOwn = { prepare: (form: URLSearchParams) => form.delete('time') };
    return (await send({ run, ...(at === null ? atItsOwn : {}) }, signal)) as Answer;
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
      return seriesOf(await ask(`${selecting(names)}[${Math.max(1, to - from)}ms]`, to, signal));
    },
    newest: async (names, signal) => seriesOf(await ask(selecting(names), null, signal)),
    names: async (signal) => {
      const names = await send({ run: (driver) => driver.labelValues('__name__') }, signal);
      if (Array.isArray(names)) return names.map(String);
      throw new PrometheusError('Unreadable', `${where} answered no names`);
    },
    typeOf: async (metric, signal) => {
      const known = (await send({ run: (driver) => driver.metadata(metric) }, signal)) as Metadata | null;
      const types = new Set(known?.[metric]?.map(({ type }) => type));
      const [type] = types;
      return types.size === 1 && type !== undefined && type !== 'unknown' ? type : null;
    },
  };
}

/** What is asked, of the driver of this one request. */
interface Request {
  readonly run: (driver: InstanceType<typeof PrometheusDriver>) => Promise<unknown>;
  /** Changes the form that is sent. */
  readonly prepare?: (form: URLSearchParams) => void;
}

/** By metric, what targets say of it. */
type Metadata = Readonly<Record<string, readonly { readonly type: string }[]>>;

const selecting = (names: readonly string[]): string =>
  `{__name__=~${JSON.stringify(names.map(literally).join('|'))}}`;

const literally = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

function checked(where: string, body: Body | null): unknown {
  if (body?.status !== 'success' || body.data === undefined)
    throw new PrometheusError('Unreadable', `${where} answered what is no answer of Prometheus`);
  const { warnings = [] } = body;
  if (warnings.length > 0)
    throw new PrometheusError('Partial', `${where} answered in part: ${warnings.join('; ')}`);
  return body.data;
}
