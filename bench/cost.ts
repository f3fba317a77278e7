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

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
