/** What a piece of work cost, in s. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** What so many records cost. */
export interface Counted extends Cost {
  readonly records: number;
}

/** Adds up what lies between `start` and `stop`: CPU time of the whole process, and wall time. */
export class Meter {
  #cpu = 0;
  #wall = 0;
  #from = { cpu: process.cpuUsage(), wall: performance.now() };

  start(): void {
    this.#from = { cpu: process.cpuUsage(), wall: performance.now() };
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.#from.cpu);
    this.#cpu += (user + system) / 1e6;
    this.#wall += (performance.now() - this.#from.wall) / 1e3;
  }

  get cost(): Cost {
    return { cpu: this.#cpu, wall: this.#wall };
  }
}

/** The value at that rank, nearest rank above; NaN of none. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);
