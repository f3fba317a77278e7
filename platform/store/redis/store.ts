import type { Redis } from 'ioredis';
import type { Store, Versioned, Write } from '../store.js';
import { Connection, runScript } from './connection.js';
import * as scripts from './scripts.js';

export interface RedisStoreOptions {
  /** `redis://` or, with TLS, `rediss://`; user, password and database stand in it. */
  readonly url: string;
  /** With `rediss://`, PEM text of the authority of its certificate, in place of the usual ones. */
  readonly ca?: string;
  /** What all keys begin with. */
  readonly namespace?: string;
  /** Told of settings under which the server does not keep what it promises, and when it is away and back. */
  readonly warn?: (message: string) => void;
}

/** A script looks at so many members at most, so that it never holds up the server. */
const PAGE = 1_000;

/**
 * The store of the cluster. A record is a hash of value and version, whose expiry is the server's; a sorted
 * set holds the keys in order of their UTF-8 bytes. All lie in one hash slot, for scripts see one alone.
 *
 * As durable as the server: it needs `appendonly yes` (with `appendfsync everysec` the last second may be
 * lost with the machine, with `always` nothing is) and `maxmemory-policy noeviction`.
 *
 * Commands reject within about 2 s while the server cannot be reached, and work again once it can. Where
 * `transact` rejects, it may have been done all the same: a conditional write finds out by trying again.
 */
export function redisStore({
  url,
  ca,
  namespace = 'tidemark:',
  warn = () => undefined,
}: RedisStoreOptions): Store {
  if (/[{}]/.test(namespace)) throw new TypeError(`the namespace "${namespace}" may hold no braces`);
  const connection = new Connection({
    ...{ url, warn },
    ...(ca === undefined ? {} : { ca }),
    onReady: (client) => void checkDurability(client, warn),
  });
  const slot = `{${namespace}}`;
  const index = `${slot}index`;
  const records = `${slot}r:`;

  return {
    get: (key) =>
      connection.run(`reading ${key}`, async (client) => {
        const [value, version] = await client.hmget(records + key, 'v', 'n');
        return typeof value === 'string' ? { value, version: Number(version) } : null;
      }),
    list: (prefix, { after = '', limit = 100 } = {}) =>
      connection.run(`listing ${prefix}`, async (client) => {
        const found: (Versioned & { key: string })[] = [];
        let from = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) > 0 ? `(${after}` : `[${prefix}`;
        while (found.length < limit) {
          const want = Math.min(PAGE, limit - found.length);
          const args = [from, Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)]), want, records];
          const page = (await runScript(client, scripts.list, [index], args)) as Page;
          const [looked, last, fields] = page;
          for (let i = 0; i < fields.length; i += 3)
            found.push({
              key: String(fields[i]),
              value: String(fields[i + 1]),
              version: Number(fields[i + 2]),
            });
          if (looked < want) break;
          from = `(${last}`;
        }
        return found;
      }),
    transact: (writes) =>
      connection.run('writing', async (client) => {
        if (writes.length === 0) return true;
        const keys = [index, ...writes.map(({ key }) => records + key)];
        return (await runScript(client, scripts.transact, keys, writes.flatMap(argumentsOf))) === 1;
      }),
    close: () => connection.close(),
  };
}

type Page = readonly [looked: number, last: string, fields: readonly string[]];

function argumentsOf(write: Write): readonly (string | number)[] {
  const version = write.version ?? '';
  if ('delete' in write) return [write.key, 'del', version, '', ''];
  const expires = write.expiresInMs === undefined ? '' : Math.ceil(write.expiresInMs);
  return [write.key, 'put', version, write.value, expires];
}

/** Says once per connection where a restart of the server would lose records. */
async function checkDurability(client: Redis, warn: (message: string) => void): Promise<void> {
  // Where the server does not tell, there is nothing to say.
  const told = await client.info('persistence').catch(() => '');
  if (/^aof_enabled:0/m.test(told))
    warn('Redis keeps no append-only file: set `appendonly yes`, else a restart loses users and videos');
}
