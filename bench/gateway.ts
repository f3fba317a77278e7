import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { median } from './cost.js';

const TURNS = 8;
const WARM_UP_REQUESTS = 8_000;
const REQUESTS = 8_000;
const AT_ONCE = 32;
const UPLOADS = 4;
const UPLOAD_BYTES = 64e6;
/** Of the system's clock in /proc, s. */
const TICK = 1 / 100;

/** What one gateway took in each turn. */
export interface GatewayRow {
  readonly name: string;
  /** CPU time of its process for a GET of 1 kB of JSON, us. */
  readonly request: readonly number[];
  /** CPU time of its process for uploads, s per GB. */
  readonly upload: readonly number[];
  /** Requests that did not get the answer they should. */
  readonly failed: number;
}

/** The first is ours, and what others are held against within a turn. */
export type GatewayResult = readonly GatewayRow[];

/**
 * Gateways side by side: all alive at once, each in a process of its own, warm, in short turns. Null where the
 * system does not tell the CPU time of another process.
 */
export async function measureGateway(): Promise<GatewayResult | null> {
  if (!existsSync('/proc/self/stat')) return null;
  await using upstream = await Peer.start(['dist/bench/gateway-peer.js', 'upstream']);
  const ours = (): Promise<Peer> =>
    Peer.start(['dist/cli/main.js', 'gateway'], {
      ...{ VMS_URL: upstream.url, TIDEMARK_VIDEOS: '/nonexistent', TIDEMARK_DRAIN_WAIT: '0' },
      ...{ TIDEMARK_PORT: '0', TIDEMARK_ADMIN_PORT: '0' },
    });
  const other = (role: string): Promise<Peer> =>
    Peer.start(['dist/bench/gateway-peer.js', role, upstream.url]);
  await using first = await ours();
  await using again = await ours();
  await using httpProxy = await other('http-proxy');
  await using dispatch = await other('dispatch');
  const entered: readonly (readonly [string, Peer])[] = [
    ['tidemark gateway: metrics, ids, log, limits', first],
    ['the same once more', again],
    ['http-proxy, bare', httpProxy],
    ['undici dispatch, bare', dispatch],
  ];
  const rows = entered.map(([name, peer]) => ({
    name,
    peer,
    request: [] as number[],
    upload: [] as number[],
  }));
  for (const { peer } of rows) {
    await peer.get(WARM_UP_REQUESTS);
    await peer.upload(UPLOADS);
  }
  for (let turn = 0; turn < TURNS; turn++) {
    // Each is first, and last, as often as the others.
    const order = rows.map((_, i) => rows[(i + turn) % rows.length]).filter((row) => row !== undefined);
    for (const { peer, request } of order)
      request.push(((await peer.cost(() => peer.get(REQUESTS))) / REQUESTS) * 1e6);
    for (const { peer, upload } of order)
      upload.push((await peer.cost(() => peer.upload(UPLOADS))) / ((UPLOADS * UPLOAD_BYTES) / 1e9));
  }
  return rows.map(({ name, peer, request, upload }) => ({ name, request, upload, failed: peer.failed }));
}

/** Median, over the turns, of what one took of what another took in the same turn. */
export const ratio = (one: readonly number[], other: readonly number[]): number =>
  median(one.map((value, turn) => value / (other[turn] ?? Number.NaN)));

/** CPU time in a line of /proc/PID/stat, user and system, s. */
export function cpuOf(stat: string): number {
  // The name of the process comes before, in brackets, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const piece = Buffer.alloc(64 * 1024, 'x');

class Peer implements AsyncDisposable {
  failed = 0;
  readonly #pool: Pool;

  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {
    this.#pool = new Pool(url, { connections: AT_ONCE, pipelining: 1 });
  }

  /** Resolves once it says where it listens; what it says then is read and forgotten. */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Peer> {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      const listen = (text: Buffer): void => {
        said += text;
        const found = /listening on (http:[^"\s]+)/.exec(said)?.[1];
        if (found === undefined) return;
        child.stderr.off('data', listen);
        // Or it would wait for somebody to read its log.
        child.stderr.resume();
        resolve(found);
      };
      child.stderr.on('data', listen);
      child.once('exit', () => reject(new Error(`${args.join(' ')} ended: ${said}`)));
    });
    return new Peer(child, url);
  }

  /** So many GETs, a number of them at once. */
  async get(count: number): Promise<void> {
    let left = count;
    const client = async (): Promise<void> => {
      while (left-- > 0)
        await this.#ask(200, () => this.#pool.request({ method: 'GET', path: '/vms/videos' }));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
  }

  /** So many uploads, one after the other. */
  async upload(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const headers = { 'content-length': String(UPLOAD_BYTES) };
      const body = Readable.from(pieces(UPLOAD_BYTES), { objectMode: false });
      await this.#ask(201, () =>
        this.#pool.request({ method: 'POST', path: '/vms/videos/1', headers, body }),
      );
    }
  }

  /** CPU time of its process that some work costs, s. */
  async cost(work: () => Promise<void>): Promise<number> {
    const before = this.#cpu();
    await work();
    return this.#cpu() - before;
  }

  async #ask(status: number, ask: () => ReturnType<Pool['request']>): Promise<void> {
    try {
      const { statusCode, body } = await ask();
      await body.dump();
      if (statusCode !== status) this.failed++;
    } catch {
      this.failed++;
    }
  }

  #cpu(): number {
    return cpuOf(readFileSync(`/proc/${this.child.pid}/stat`, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

function* pieces(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= piece.length)
    yield left < piece.length ? piece.subarray(0, left) : piece;
}
