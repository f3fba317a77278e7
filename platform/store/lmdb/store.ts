import type { Environment } from '../../lmdb/environment.js';
import type { Store, Versioned, Write } from '../store.js';

interface Kept extends Versioned {
  /** ms since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** No key of LMDB is longer, bytes: one that is asked for is not there. It would not fit where LMDB looks for it. */
const LONGEST = 1978;

/** The store of the embedded mode. An expired record counts as absent, and is deleted when it is met. */
export function lmdbStore(
  environment: Environment,
  { clock = Date.now }: { clock?: () => number } = {},
): Store {
  const { db } = environment;
  const read = (key: string): Kept | null =>
    Buffer.byteLength(key) > LONGEST ? null : parse(db.get(['s', key]), clock());
  return {
    get: async (key) => strip(read(key)),
    list: async (prefix, { after = '', limit = 100 } = {}) => {
      const found: (Versioned & { key: string })[] = [];
      const start = ['s', after > prefix ? `${within(after)}\0` : prefix];
      for (const entry of db.getRange({ start, end: ['s', `${prefix}\u{10ffff}`] })) {
        const kept = parse(entry.value as Buffer, clock());
        if (kept)
          found.push({
            key: String((entry.key as (string | number)[])[1]),
            value: kept.value,
            version: kept.version,
          });
        if (found.length >= limit) break;
      }
      return found;
    },
    transact: async (writes) => {
      const done = await environment.write(() => {
        const before = writes.map(({ key }) => read(key));
        const holds = writes.every(
          ({ version }, i) => version === undefined || (before[i]?.version ?? 0) === version,
        );
        if (holds) for (const [i, write] of writes.entries()) apply(write, before[i] ?? null);
        return holds;
      });
      await environment.flushed();
      return done;
    },
    close: () => Promise.resolve(),
  };

  function apply(write: Write, before: Kept | null): void {
    if ('delete' in write) {
      db.remove(['s', write.key]);
      return;
    }
    const expiresAt = write.expiresInMs === undefined ? null : clock() + write.expiresInMs;
    const kept: Kept = { value: write.value, version: (before?.version ?? 0) + 1, expiresAt };
    db.put(['s', write.key], Buffer.from(JSON.stringify(kept)));
  }
}

/** What of a key is enough to find those behind it. */
const within = (key: string): string =>
  key.slice(0, new TextEncoder().encodeInto(key, new Uint8Array(LONGEST)).read);

function parse(value: Buffer | undefined, now: number): Kept | null {
  if (!value) return null;
  const kept = JSON.parse(value.toString()) as Kept;
  return kept.expiresAt !== null && kept.expiresAt <= now ? null : kept;
}

const strip = (kept: Kept | null): Versioned | null => kept && { value: kept.value, version: kept.version };
