import type { Context } from 'hono';
import type { Store } from '../../platform/store/store.js';

export interface Asked {
  readonly limit: number;
  /** Id of the last one of the page before; '' at the beginning. */
  readonly after: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the page behind begins; null at the end. */
  readonly next: string | null;
}

interface Entry<T> {
  readonly id: string;
  /** Null for one that has gone meanwhile. */
  readonly item: T | null;
}

/** So many are looked at for a page: where few match, it may have less than was asked for. */
const LOOKED = 5_000;
const CHUNK = 1_000;

/**
 * A page of what `read` gives in order of ids, behind one of them. It begins behind a key, not at an index: what is
 * there from the first page to the last is given once, whatever comes or goes meanwhile.
 */
export async function pageOf<T>(
  { limit, after }: Asked,
  read: (after: string, limit: number) => Promise<readonly Entry<T>[]>,
  matches?: (item: T) => boolean,
): Promise<Page<T>> {
  const items: T[] = [];
  let at = after;
  for (let looked = 0; looked < LOOKED; ) {
    const want = matches ? CHUNK : Math.min(CHUNK, limit - items.length) + 1;
    const entries = await read(at, want);
    for (const { id, item } of entries) {
      const isWanted = item !== null && (matches?.(item) ?? true);
      if (isWanted && items.length === limit) return { items, next: at };
      if (isWanted) items.push(item);
      at = id;
    }
    if (entries.length < want) return { items, next: null };
    looked += entries.length;
  }
  return { items, next: at };
}

/** The records whose keys begin with a prefix, by what follows it. */
export const keysBehind =
  (store: Store, prefix: string) =>
  async (after: string, limit: number): Promise<readonly { readonly id: string; readonly value: string }[]> =>
    (await store.list(prefix, { after: prefix + after, limit })).map(({ key, value }) => ({
      id: key.slice(prefix.length),
      value,
    }));

/**
 * Says where the page behind is, as RFC 8288 has it: the same request behind that id. The reference is relative, so
 * that it holds behind whatever stands before this service.
 */
export function linkNext(c: Context, next: string | null): void {
  if (next === null) return;
  const { searchParams } = new URL(c.req.url);
  searchParams.set('after', next);
  c.header('link', `<?${searchParams}>; rel="next"`);
}
