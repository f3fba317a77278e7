import { Counter, Gauge, type Registry } from 'prom-client';
import type { Refusal } from './early-answer.js';
import { type Rate, RateLimit } from './rate-limit.js';

export interface LimitsOptions {
  readonly registry: Registry;
  /** Requests that the upstream may be busy with, uploads too. */
  readonly maxInFlight: number;
  /** For each client; null: none. */
  readonly rate: Rate | null;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
}

/** When a client may come again, s. */
const SHED_FOR_S = 1;

/** Refuses what is too much, before it costs anything. */
export class Limits {
  #inFlight = 0;
  readonly #rate: RateLimit | null;
  readonly #refused: Counter<'reason'>;

  constructor(readonly options: LimitsOptions) {
    const { registry, rate } = options;
    this.#rate = rate && new RateLimit(rate);
    this.#refused = new Counter({
      name: 'tidemark_gateway_refused_total',
      help: 'Requests refused because the service behind is busy (in_flight) or one client asks too often (rate)',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['in_flight', 'rate']) this.#refused.inc({ reason }, 0);
    const now = (): number => this.#inFlight;
    new Gauge({
      name: 'tidemark_gateway_in_flight',
      help: 'Requests that the service behind is busy with',
      registers: [registry],
      collect() {
        this.set(now());
      },
    });
  }

  /** A client asks for anything: why not, or null. */
  ask(address: string): Refusal | null {
    const waitMs = this.#rate?.take(address, this.options.monotonic()) ?? 0;
    if (waitMs <= 0) return null;
    this.#refused.inc({ reason: 'rate' });
    const detail = `more than ${this.options.rate?.perSecond} requests a second: come again later`;
    return { status: 429, detail, headers: { 'retry-after': String(Math.ceil(waitMs / 1_000)) } };
  }

  /** Something is to go upstream: why not, or null, and then it has to be left. */
  enter(): Refusal | null {
    if (this.#inFlight < this.options.maxInFlight) {
      this.#inFlight++;
      return null;
    }
    this.#refused.inc({ reason: 'in_flight' });
    const detail = 'the service behind is busy: come again later';
    return { status: 503, detail, headers: { 'retry-after': String(SHED_FOR_S) } };
  }

  leave(): void {
    this.#inFlight--;
  }
}
