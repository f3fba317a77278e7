import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { type Listening, type ServeOptions, serve } from '../platform/http/serve.js';
import type { Line } from '../platform/telemetry/lines.js';
import { createGateway, type Gateway, type GatewayOptions } from './gateway.js';

interface DriverOptions extends Partial<GatewayOptions> {
  readonly server?: Pick<ServeOptions, 'headMs' | 'idleMs'>;
  /** Of the upstream; 0 for any free one. */
  readonly port?: number;
}

/** A gateway at a port of its own, before an upstream that remembers what reached it. */
export class GatewayDriver implements AsyncDisposable {
  readonly registry = new Registry();
  readonly lines: Line[] = [];
  /** Heads of requests that came to the upstream. */
  readonly reached: IncomingMessage[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly upstream: Server,
    public front: Listening,
    public gateway: Gateway,
  ) {}

  static async open(answer: RequestListener, options: DriverOptions = {}): Promise<GatewayDriver> {
    const { server = {}, port = 0, ...more } = options;
    const upstream = createServer((incoming, outgoing) => {
      driver.reached.push(incoming);
      answer(incoming, outgoing);
    }).listen(port, '127.0.0.1');
    await once(upstream, 'listening');
    const driver: GatewayDriver = new GatewayDriver(upstream, null as never, null as never);
    let ids = 0;
    const write = (line: Line): void => void driver.lines.push(line);
    driver.gateway = createGateway({
      vms: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      ...{ videoFiles: '/nonexistent', registry: driver.registry, newId: () => `made-${++ids}` },
      ...{ monotonic: () => performance.now(), log: { info: write, warn: write }, ...more },
    });
    driver.front = await serve({
      ...{ ...driver.gateway, ...server },
      ...{ fetch: driver.gateway.fetch as never, host: '127.0.0.1', port: 0 },
    });
    return driver;
  }

  /** A connection to the gateway, on which bytes are sent as they are. */
  async connect(): Promise<Connection> {
    const socket = connect({ port: this.front.port, host: '127.0.0.1', allowHalfOpen: true });
    this.#sockets.add(socket);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends this; resolves to all that comes until the other side closes. */
  async raw(text: string): Promise<string> {
    const connection = await this.connect();
    connection.send(text);
    return connection.closed;
  }

  metric(name: string): Promise<string> {
    return this.registry.getSingleMetricAsString(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.front.close(0);
    await this.gateway.close();
    this.upstream.closeAllConnections();
    await new Promise((resolve) => this.upstream.close(resolve));
  }
}

/** What was sent is not changed by any client library. */
export class Connection {
  received = '';
  readonly closed: Promise<string>;

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text) => {
      this.received += text;
    });
    this.closed = new Promise((resolve) => {
      const end = (): void => {
        socket.destroy();
        resolve(this.received);
      };
      // A reset is an end too: what came before it counts.
      socket.on('end', end).on('error', end).on('close', end);
    });
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'));
  }
}

/** Status and parts of an answer that was read as it came. */
export function parsed(answer: string): {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
} {
  const end = answer.indexOf('\r\n\r\n');
  const [first = '', ...lines] = answer.slice(0, end).split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(first.split(' ')[1]), headers: new Map(pairs), body: answer.slice(end + 4) };
}
