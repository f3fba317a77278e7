import { networkOf } from '../platform/http/network.js';

export interface Rate {
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Requests at once, after a time without any. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** Ms. */
  at: number;
}

/** Clients that are remembered; beyond, the one that was quiet for longest is forgotten, and begins anew. */
const MOST = 10_000;

/** A token bucket for each client. */
export class RateLimit {
  /** In the order of their last requests. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    readonly rate: Rate,
    readonly most = MOST,
  ) {}

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a request at this time, ms; gives 0, or after how many ms there is room for it. */
  take(address: string, now: number): number {
    const { perSecond, burst } = this.rate;
    const key = networkOf(address);
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.most) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) return ((1 - bucket.tokens) / perSecond) * 1_000;
    bucket.tokens -= 1;
    return 0;
  }
}
