import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect as toBroker } from 'node:net';

const END_TXN = 26;
const HOST = 'localhost';

/**
 * Stands between one process and a broker of one node, for all of its connections: the address that the broker
 * tells is replaced by its own. It can keep the answer to a commit to itself.
 */
export class BrokerProxy implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  #swallow: (() => void) | null = null;

  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  /** `broker`: `localhost:port`, as it tells it itself. */
  static async before(broker: string): Promise<BrokerProxy> {
    const brokerPort = Number(broker.split(':')[1]);
    const server = createServer();
    await once(server.listen(0), 'listening');
    const proxy = new BrokerProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.#join(client, brokerPort));
    return proxy;
  }

  get url(): string {
    return `${HOST}:${this.port}`;
  }

  /** How many connections the process has now. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** From now on no commit is answered; resolves when the broker has done the first of them. */
  swallowCommits(): Promise<void> {
    return new Promise((resolve) => {
      this.#swallow = resolve;
    });
  }

  #join(client: Socket, brokerPort: number): void {
    const broker = toBroker(brokerPort, HOST);
    /** Requests that are commits, by correlation id. */
    const commits = new Set<number>();
    const [from, to] = [address(brokerPort), address(this.port)];
    client.on(
      'data',
      frames((frame) => {
        // Its last byte says whether to commit or to abort.
        if (frame.readInt16BE(4) === END_TXN && frame.at(-1) === 1) commits.add(frame.readInt32BE(8));
        broker.write(frame);
      }),
    );
    broker.on(
      'data',
      frames((frame) => {
        if (commits.delete(frame.readInt32BE(4)) && this.#swallow) {
          this.#swallow();
          return;
        }
        for (let at = frame.indexOf(from); at >= 0; at = frame.indexOf(from, at + to.length))
          to.copy(frame, at);
        client.write(frame);
      }),
    );
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Host and port as the protocol has them. */
function address(port: number): Buffer {
  const bytes = Buffer.alloc(2 + HOST.length + 4);
  bytes.writeInt16BE(HOST.length);
  bytes.write(HOST, 2);
  bytes.writeInt32BE(port, 2 + HOST.length);
  return bytes;
}

/** Cuts a stream into frames, each with its length in front. */
function frames(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0);
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
      const end = 4 + waiting.readInt32BE(0);
      take(Buffer.from(waiting.subarray(0, end)));
      waiting = waiting.subarray(end);
    }
  };
}
