import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How often each backend is asked, ms. */
const ASK_EVERY_MS = 50;

/** Sends requests in turn to those backends that said last that they are ready. It tries nothing twice. */
export class Balancer implements AsyncDisposable {
  /** Requests that each place was given. */
  readonly taken: number[];
  readonly #ready: boolean[];
  readonly #agent = new Agent({ keepAlive: true });
  #next = 0;
  #closed = false;

  private constructor(
    readonly server: Server,
    readonly backends: string[],
  ) {
    this.taken = backends.map(() => 0);
    this.#ready = backends.map(() => false);
    server.on('request', (incoming, outgoing) => {
      const at = this.#choose();
      const backend = this.backends[at];
      if (backend === undefined) {
        outgoing.writeHead(599).end('no backend is ready');
        return;
      }
      this.taken[at] = (this.taken[at] ?? 0) + 1;
      const { method = 'GET', url = '/', headers } = incoming;
      const onward = request(`${backend}${url}`, { method, headers, agent: this.#agent }, (answer) => {
        const { connection: _, ...kept } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 599, kept);
        answer.pipe(outgoing);
      });
      onward.on('error', (error) => {
        if (outgoing.headersSent) outgoing.destroy();
        else outgoing.writeHead(598).end(`${at}: ${error.message}`);
      });
      incoming.pipe(onward);
    });
  }

  static async open(backends: readonly string[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const balancer = new Balancer(server, [...backends]);
    await Promise.all(backends.map((_, at) => balancer.#ask(at)));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  isReady(at: number): boolean {
    return this.#ready[at] === true;
  }

  replace(at: number, backend: string): void {
    this.#ready[at] = false;
    this.backends[at] = backend;
  }

  #choose(): number {
    for (let n = 0; n < this.backends.length; n++) {
      const at = this.#next++ % this.backends.length;
      if (this.#ready[at]) return at;
    }
    return -1;
  }

  async #ask(at: number): Promise<void> {
    const backend = this.backends[at];
    const status = await fetch(`${backend}/readyz`).then(
      async (answer) => {
        await answer.text();
        return answer.status;
      },
      () => 0,
    );
    if (this.#closed) return;
    // Not what another said, which stood here when it was asked.
    if (this.backends[at] === backend) this.#ready[at] = status === 200;
    setTimeout(() => void this.#ask(at), ASK_EVERY_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
