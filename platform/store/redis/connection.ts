import type { Redis, RedisOptions } from 'ioredis';
import { Absence } from '../../telemetry/absence.js';
import { untrusted } from '../../untrusted.js';
import { StoreError } from '../store.js';
import type { Script } from './scripts.js';

/** How long a command waits for a connection, and then for its answer, ms. */
const READY_MS = 900;
const ANSWER_MS = 1_000;
const LAST_RECONNECT_MS = 500;

/**
 * Nothing is queued and nothing is sent twice: a command that was given up must not be done minutes later,
 * and one whose answer was lost is for the caller to judge.
 */
const usual = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_MS,
  connectTimeout: ANSWER_MS,
  // A connection on which nothing comes back is made anew.
  socketTimeout: 2 * ANSWER_MS,
  retryStrategy: (times: number) => Math.min(25 * 2 ** Math.min(times, 8), LAST_RECONNECT_MS),
  // After a failover the connection may lead to what is now a replica.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
} satisfies RedisOptions;

/** What the server answers while it cannot serve, though it will again. */
const passing =
  /^(LOADING|READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|UNKILLABLE)\b/;

export interface ConnectionOptions {
  readonly url: string;
  /** PEM text of the authority of its certificate, in place of the usual ones. */
  readonly ca?: string;
  /** Told once when it is away, and when it is back. */
  readonly warn: (message: string) => void;
  readonly onReady: (client: Redis) => void;
}

/** One connection that is made when it is first needed, and again whenever it breaks. */
export class Connection {
  readonly #absence: Absence;
  #opening: Promise<Redis> | null = null;
  #ready: Promise<void> | null = null;
  #lastError: Error | null = null;
  #closed = false;

  constructor(readonly options: ConnectionOptions) {
    const { warn } = options;
    this.#absence = new Absence({ name: 'Redis', warn, clock: () => performance.now() });
  }

  /** Rejects with `StoreError` alone, within about 2 s. */
  async run<T>(what: string, command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      const answer = await command(await this.#connected());
      this.#absence.answered();
      return answer;
    } catch (error) {
      throw this.#explain(what, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#opening)?.disconnect();
  }

  async #connected(): Promise<Redis> {
    if (this.#closed) throw new StoreError('Closed', 'the store is closed');
    this.#opening ??= this.#open();
    const client = await this.#opening;
    if (client.status === 'wait') client.connect().catch(() => undefined);
    if (client.status !== 'ready') {
      this.#ready ??= becomesReady(client).finally(() => {
        this.#ready = null;
      });
      await this.#ready;
    }
    return client;
  }

  async #open(): Promise<Redis> {
    const { Redis } = await import('ioredis');
    const { url, ca, onReady } = this.options;
    const client = new Redis(url, { ...usual, ...(ca === undefined ? {} : { tls: { ca } }) });
    client.on('error', (error: Error) => {
      this.#lastError = error;
      this.#absence.failed(gone(error.message));
    });
    client.on('ready', () => {
      this.#lastError = null;
      this.#absence.answered();
      onReady(client);
    });
    return client;
  }

  #explain(what: string, error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    if (this.#closed) return new StoreError('Closed', `${what}: the store is closed`, { cause: error });
    const cause = error instanceof Error ? error : new Error(String(error));
    const answered = cause.name === 'ReplyError' && !passing.test(cause.message);
    const why = cause.name === 'ReplyError' ? cause.message : (this.#lastError?.message ?? cause.message);
    if (answered) return new StoreError('Refused', `${what}: Redis refuses: ${why}`, { cause });
    this.#absence.failed(gone(why));
    return new StoreError('Unavailable', `${what}: ${gone(why)}`, { cause });
  }
}

const gone = (why: string): string =>
  `Redis cannot be reached: ${why}${untrusted.test(why) ? ' (set REDIS_CA to the file of its authority)' : ''}`;

function becomesReady(client: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => (): void => {
      clearTimeout(timer);
      client.off('ready', ready).off('end', ended);
      done();
    };
    const ready = settle(resolve);
    const fail = (): void => reject(new Error(`no connection within ${READY_MS} ms`));
    const ended = settle(fail);
    const timer = setTimeout(settle(fail), READY_MS);
    client.once('ready', ready).once('end', ended);
  });
}

/** Runs a script by its digest, and in full where the server does not know it: after a restart, say. */
export async function runScript(
  client: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}
