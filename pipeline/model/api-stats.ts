import { type Buckets, quantileOf } from './buckets.js';

/** Sums of one API over a stretch of time. */
export interface ApiSums {
  readonly requests: number;
  /** s */
  readonly seconds: number;
  /** Answers 4xx and 5xx. */
  readonly refused: number;
  readonly failed: number;
  /** By how long they took, s; null where they have none. */
  readonly buckets: Buckets | null;
  /** How many bodies were measured, and their bytes. */
  readonly requestBodies: number;
  readonly requestBytes: number;
  readonly responseBodies: number;
  readonly responseBytes: number;
}

/** How one API, a method of a template of paths, was used. */
export interface ApiStats {
  readonly service: string;
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  /** 1/s */
  readonly rate: number;
  /** Answers 4xx, which say that the client was wrong. */
  readonly clientErrors: number;
  /** Answers 5xx. */
  readonly serverErrors: number;
  /** From the request to the end of its answer, s. */
  readonly latency: Latency | null;
  /** Of bodies; null where they are not measured. */
  readonly request: Sizes | null;
  readonly response: Sizes | null;
}

export interface Latency {
  readonly mean: number;
  /** Interpolated in their buckets; null above the last finite bound, and where there are no buckets. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** The last finite bound: what is null lies above; null where there are no buckets. */
  readonly bound: number | null;
}

/** Bytes. */
export interface Sizes {
  readonly mean: number;
  readonly total: number;
}

export type ApiName = Pick<ApiStats, 'service' | 'method' | 'route'>;

/** What the sums come to, over so many ms. */
export function statsOf(name: ApiName, sums: ApiSums, ms: number): ApiStats {
  const { requests, seconds, refused, failed, buckets } = sums;
  return {
    ...name,
    requests: whole(requests),
    rate: ms > 0 ? (whole(requests) * 1000) / ms : 0,
    clientErrors: whole(refused),
    serverErrors: whole(failed),
    latency: requests > 0 ? latencyOf(seconds / requests, buckets) : null,
    request: sizesOf(sums.requestBodies, sums.requestBytes),
    response: sizesOf(sums.responseBodies, sums.responseBytes),
  };
}

function latencyOf(mean: number, buckets: Buckets | null): Latency {
  const quantile = (q: number): number | null => (buckets && quantileOf(buckets, q)?.value) ?? null;
  const bound = buckets?.le.findLast(Number.isFinite) ?? null;
  return { mean, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), bound };
}

const sizesOf = (bodies: number, total: number): Sizes | null =>
  bodies > 0 ? { mean: total / bodies, total: whole(total) } : null;

/** Without what rounding left where an interval was split over steps: there are no millionths of a request. */
const whole = (count: number): number => Number(count.toFixed(6));
