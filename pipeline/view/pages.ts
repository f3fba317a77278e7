import type { Context } from 'hono';
import { byCodeUnits } from '../model/text.js';
import { BadQuery, limitOf, type Query } from './query.js';

type Kind = 'string' | 'number';
/** What tells an item of a list from all others, and does not change: its place in the order. */
type KeyOf<Shape extends readonly Kind[]> = {
  readonly [I in keyof Shape]: Shape[I] extends 'number' ? number : string;
};
type Key = readonly (string | number)[];

export interface PagesOptions<Shape extends readonly Kind[]> {
  /** Name of the list: a cursor of one is none of another. */
  readonly list: string;
  readonly key: Shape;
  /** So many are given where nobody says how many. */
  readonly usual: number;
  /** So many at most, of who says it. */
  readonly most: number;
}

export interface Asked<Shape extends readonly Kind[]> {
  readonly limit: number;
  /** Key of the last item of the page before; null at the beginning. */
  readonly after: KeyOf<Shape> | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the page behind; null at the end. */
  readonly next: string | null;
}

/**
 * A list in pages. A page begins behind a key, not at an index: what is there from the first page to the last is
 * given once, whatever comes or goes meanwhile.
 */
export class Pages<const Shape extends readonly Kind[]> {
  constructor(readonly options: PagesOptions<Shape>) {}

  /** By `limit` and `cursor`. Throws `BadQuery`. */
  asked(query: Query): Asked<Shape> {
    const { usual, most } = this.options;
    return { limit: limitOf(query, usual, most), after: this.#read(query.cursor) };
  }

  cursorOf(key: KeyOf<Shape>): string {
    return Buffer.from(JSON.stringify([this.options.list, ...key])).toString('base64url');
  }

  /** The page of items that are all at hand, in order of their keys (`compareKeys`). */
  pageOf<T>(all: readonly T[], { limit, after }: Asked<Shape>, keyOf: (item: T) => KeyOf<Shape>): Page<T> {
    const begin = after === null ? 0 : all.findIndex((item) => compareKeys(keyOf(item), after) > 0);
    if (begin < 0) return { items: [], next: null };
    const items = all.slice(begin, begin + limit);
    const last = items.at(-1);
    const isEnd = last === undefined || begin + items.length === all.length;
    return { items, next: isEnd ? null : this.cursorOf(keyOf(last)) };
  }

  #read(cursor: string | undefined): KeyOf<Shape> | null {
    if (cursor === undefined) return null;
    const [list, ...key] = partsOf(cursor);
    if (list !== this.options.list || !this.#isKey(key))
      throw new BadQuery(
        `cursor is none of ${this.options.list}: take that of the page before, or leave it out to begin anew`,
      );
    return key;
  }

  #isKey(key: readonly unknown[]): key is KeyOf<Shape> {
    const { key: kinds } = this.options;
    return key.length === kinds.length && kinds.every((kind, i) => typeof key[i] === kind);
  }
}

/** Numbers by their size, texts by their code units, the first that differs. */
export function compareKeys(one: Key, other: Key): number {
  for (const [i, a] of one.entries()) {
    const b = other[i];
    const order = typeof a === 'number' ? a - Number(b) : byCodeUnits(a, String(b));
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Says where the page behind is, as RFC 8288 has it: the same request with that cursor. The reference is relative,
 * so that it holds behind whatever stands before the view.
 */
export function linkNext(c: Context, next: string | null): void {
  if (next === null) return;
  const { searchParams } = new URL(c.req.url);
  searchParams.set('cursor', next);
  c.header('link', `<?${searchParams}>; rel="next"`);
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
