import { once } from 'node:events';
import { Agent, createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/** What stands beside the gateway in a benchmark of it, each in a process of its own: `ROLE [UPSTREAM]`. */
const CONNECTIONS = 128;
const json = JSON.stringify({ videos: 'x'.repeat(1_000) });

const roles: Readonly<Record<string, (upstream: string) => Promise<RequestListener>>> = {
  /** A kilobyte of JSON for a GET; takes whatever is sent to it. */
  upstream: async () => (incoming, outgoing) => {
    if (incoming.method === 'GET')
      outgoing
        .writeHead(200, { 'content-type': 'application/json', 'content-length': json.length })
        .end(json);
    else incoming.resume().on('end', () => outgoing.writeHead(201, { 'content-length': 0 }).end());
  },

  'http-proxy': async (target) => {
    const { default: httpProxy } = await import('http-proxy');
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const proxy = httpProxy.createProxyServer({ target, agent });
    return (incoming, outgoing) => proxy.web(incoming, outgoing, {}, () => outgoing.writeHead(502).end());
  },

  /** undici and nothing else: no limits, no metrics, no log, no care for hop-by-hop headers but its own. */
  dispatch: async (target) => {
    const pool = new Pool(target, { connections: CONNECTIONS, pipelining: 1 });
    return (incoming, outgoing) => {
      const headers = incoming.rawHeaders.filter((_, i) => !own.has(incoming.rawHeaders[i & ~1] ?? ''));
      const { url: path = '/', method = 'GET' } = incoming;
      const body = method === 'GET' ? null : incoming;
      pool.dispatch(
        { path, method: method as 'GET', headers, body },
        {
          onRequestStart: () => undefined,
          onResponseStart: (controller, status) => {
            const raw = (controller.rawHeaders ?? []) as Buffer[];
            outgoing.writeHead(
              status,
              raw.map(String).filter((_, i, flat) => !own.has(flat[i & ~1]?.toLowerCase() ?? '')),
            );
          },
          onResponseData: (controller, chunk) => {
            if (outgoing.write(chunk)) return;
            controller.pause();
            outgoing.once('drain', () => controller.resume());
          },
          onResponseEnd: () => void outgoing.end(),
          onResponseError: () => void outgoing.destroy(),
        },
      );
    };
  },
};

const own = new Set(['connection', 'keep-alive', 'Connection', 'Keep-Alive', 'host', 'Host']);

const [, , role = '', upstream = ''] = process.argv;
const answer = await roles[role]?.(upstream);
if (!answer) throw new Error(`there is no ${role}`);
const server = createServer(answer).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stderr.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
