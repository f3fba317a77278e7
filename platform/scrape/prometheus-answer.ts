/** What the HTTP API answers. */
export interface Body {
  readonly status: string;
  readonly data?: unknown;
  readonly warnings?: readonly string[];
}

export interface Answer {
  readonly resultType: string;
  readonly result: unknown;
}

/** Raw samples of one series, in order of time. */
export interface Series {
  readonly name: string;
  /** Without the name. */
  readonly labels: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Sums of observations where it is a native histogram, whose values are counts. */
  readonly sums?: readonly number[];
}

/** Unavailable: no answer now. Partial: an answer with warnings. Refused: an answer that says no. */
export type PrometheusErrorCode = 'Unavailable' | 'Partial' | 'Refused' | 'Unreadable';

/** An error of Prometheus, with whether trying again can help as data. */
export class PrometheusError extends Error {
  readonly retryable: boolean;

  constructor(
    readonly code: PrometheusErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.name = 'PrometheusError';
    this.retryable = code === 'Unavailable' || code === 'Partial';
  }
}

/** 422: cannot be executed, as too many samples cannot. */
const refusals = [400, 401, 403, 404, 405, 422];

interface Failed {
  readonly where: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  readonly signal: AbortSignal;
}

/** The error for what the client library rejects with: a plain object. */
export function rejection({ where, status, signal }: Failed, cause: unknown): PrometheusError {
  if (signal.aborted) return new PrometheusError('Unavailable', `${where}: given up`, { cause });
  const { code, error } = cause as { readonly code?: string; readonly error?: string };
  const why = [status ?? code, error ?? String(cause)].filter((one) => one !== undefined).join(' ');
  if (status === undefined || !refusals.includes(status))
    return new PrometheusError('Unavailable', `${where} does not answer: ${why}`, { cause });
  const hint = status === 401 || status === 403 ? ': check user, password or token' : '';
  return new PrometheusError('Refused', `${where} refuses: ${why}${hint}`, { cause });
}

interface Entry {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
  readonly histograms?: readonly (readonly [number, { readonly count: string; readonly sum: string }])[];
}

/** The series of a vector or matrix; of a native histogram its counts and sums. */
export function seriesOf({ resultType, result }: Answer): readonly Series[] {
  if (resultType !== 'vector' && resultType !== 'matrix')
    throw new PrometheusError('Unreadable', `a ${resultType} was answered where series were asked for`);
  return (result as readonly Entry[]).map(({ metric, values, value, histograms }) => {
    const { __name__: name = '', ...labels } = metric;
    const floats = values ?? (value === undefined ? [] : [value]);
    if (histograms && floats.length === 0)
      return {
        name,
        labels,
        times: histograms.map(([seconds]) => milliseconds(seconds)),
        values: histograms.map(([, { count }]) => numberOf(count)),
        sums: histograms.map(([, { sum }]) => numberOf(sum)),
      };
    return {
      name,
      labels,
      times: floats.map(([seconds]) => milliseconds(seconds)),
      values: floats.map(([, text]) => numberOf(text)),
    };
  });
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

const infinities: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, Inf: Infinity };

/** A sample's value: "NaN", "+Inf" and "-Inf" are values too. */
export const numberOf = (text: string): number => infinities[text] ?? Number(text);
