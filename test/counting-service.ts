import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GAUGE, METRIC } from './simulation.js';

/** A service over HTTP that counts for real: at a port that it keeps over restarts. */
export class CountingService implements AsyncDisposable {
  port = 0;
  /** What it counted by route, over all its lives. */
  readonly totals = new Map<string, number>();
  /** How often each path was scraped. */
  readonly scrapes = new Map<string, number>();
  #server: Server | null = null;
  #counts = new Map<string, number>();
  #started = 0;
  #counting: NodeJS.Timeout | null = null;

  async start(): Promise<void> {
    this.#counts = new Map();
    this.#started = Date.now();
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.scrapes.set(path, (this.scrapes.get(path) ?? 0) + 1);
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(this.#exposed());
    }).listen(this.port, '0.0.0.0');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.close();
    server?.closeAllConnections();
    if (server) await once(server, 'close');
  }

  /** Requests come in until `rest`. */
  count(...routes: readonly string[]): void {
    this.rest();
    this.#counting = setInterval(() => {
      for (const route of routes) {
        this.#counts.set(route, (this.#counts.get(route) ?? 0) + 1);
        this.totals.set(route, (this.totals.get(route) ?? 0) + 1);
      }
    }, 20);
  }

  rest(): void {
    if (this.#counting) clearInterval(this.#counting);
    this.#counting = null;
  }

  #exposed(): string {
    const lines = [
      '# TYPE process_start_time_seconds gauge',
      `process_start_time_seconds ${this.#started / 1000}`,
      `# TYPE ${GAUGE} gauge`,
      `${GAUGE} -7.5`,
      `# TYPE ${METRIC} histogram`,
    ];
    for (const [route, count] of this.#counts) {
      const labels = `service="app",route="${route}"`;
      for (const le of ['0.1', '0.5', '+Inf'])
        lines.push(`${METRIC}_bucket{${labels},le="${le}"} ${le === '0.1' ? 0 : count}`);
      lines.push(`${METRIC}_sum{${labels}} ${count * 0.25}`, `${METRIC}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.rest();
    await this.stop();
  }
}
