import { Collections, type Span } from './gc.js';

/** What a piece of work cost, in s. */
export interface Cost {
  /** Of the whole process, with its threads. */
  readonly cpu: number;
  readonly wall: number;
  /** Of the wall time: standing still to collect garbage. */
  readonly gc: number;
}

/** What so many records cost. */
export interface Counted extends Cost {
  readonly records: number;
}

const collections = new Collections();

/** Adds up what lies between `start` and `stop`: CPU time of the whole process, and wall time. */
export class Meter {
  #cpu = 0;
  #from = { cpu: process.cpuUsage(), wall: performance.now() };
  readonly #spans: Span[] = [];

  start(): void {
    this.#from = { cpu: process.cpuUsage(), wall: performance.now() };
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.#from.cpu);
    this.#cpu += (user + system) / 1e6;
    this.#spans.push({ from: this.#from.wall, to: performance.now() });
  }

  async cost(): Promise<Cost> {
    const wall = this.#spans.reduce((sum, { from, to }) => sum + to - from, 0) / 1e3;
    return { cpu: this.#cpu, wall, gc: await collections.within(this.#spans) };
  }
}

/** The value at that rank, nearest rank above; NaN of none. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);
