import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface DelayHop {
  readonly port: number;
  /** Delays what clients send from now on by so many ms. */
  setDelay(ms: number): void;
  close(): Promise<void>;
}

/** A TCP hop on loopback that hands bytes on, both ways, and those of the client later: a slow network, for real. */
export async function startDelayHop(target: {
  readonly host: string;
  readonly port: number;
}): Promise<DelayHop> {
  let delay = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    const late = new Transform({
      // The next chunk waits for this one, so the order stays, and a full pipe pushes back.
      transform: (chunk, _, done) => void setTimeout(done, delay, null, chunk),
    });
    client.pipe(late).pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    setDelay: (ms) => {
      delay = ms;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
