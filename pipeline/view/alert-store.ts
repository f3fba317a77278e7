import { fromJson, type Json, toJson } from '../../platform/codec/json.js';
import type { Offset } from '../../platform/log/event-log.js';
import type { Store, Write } from '../../platform/store/store.js';
import { schemaOf } from '../../schemas/index.js';
import type { AlertRecord } from '../../schemas/types.js';

const PREFIX = 'view/';
const ACTIVE = `${PREFIX}active/`;
const HISTORY = `${PREFIX}history/`;
/** Where in the history the transition of an id is. */
const ID = `${PREFIX}id/`;
const NEXT = `${PREFIX}next/`;
/** Writes of one transaction, and records of one look. */
const PAGE = 500;
/** Times are kept as what is left to here, so that the newest is first; ms since the epoch. */
const LAST_TIME = 9_999_999_999_999;

const schema = schemaOf('AlertRecord');
const textOf = (record: AlertRecord): string => JSON.stringify(toJson(schema, record));
const recordOf = (text: string): AlertRecord => fromJson(schema, JSON.parse(text) as Json) as AlertRecord;
const timeText = (time: number): string => String(Math.max(0, LAST_TIME - time)).padStart(13, '0');
const historyKey = ({ windowEnd, id }: AlertRecord): string => `${HISTORY}${timeText(windowEnd)}/${id}`;

export const isActive = ({ state }: AlertRecord): boolean => state === 'pending' || state === 'firing';

/** Where a look at the history goes on. */
export type Cursor = string;

/**
 * What the view keeps of the alerts: those that are active, and every transition in order of time; with the
 * offsets up to which it has read. What is written twice is the same.
 */
export class AlertStore {
  constructor(readonly store: Store) {}

  async active(): Promise<readonly AlertRecord[]> {
    return (await this.#all(ACTIVE)).map(({ value }) => recordOf(value));
  }

  /** The next offset of a partition; null where nothing of it is kept. */
  async next(partition: number): Promise<Offset | null> {
    const kept = await this.store.get(NEXT + partition);
    return kept === null ? null : Number(kept.value);
  }

  /** The transition of an id; null where it is not kept. */
  async byId(id: string): Promise<AlertRecord | null> {
    const place = await this.store.get(ID + id);
    const kept = place && (await this.store.get(place.value));
    return kept && recordOf(kept.value);
  }

  /** Takes up transitions, in the order of the log, and where each partition goes on. */
  async take(records: readonly AlertRecord[], next: ReadonlyMap<number, Offset>): Promise<void> {
    for (let at = 0; at < records.length; at += PAGE) {
      const writes = new Map<string, Write>();
      for (const record of records.slice(at, at + PAGE)) {
        const value = textOf(record);
        const key = ACTIVE + record.fingerprint;
        const place = historyKey(record);
        writes.set(place, { key: place, value });
        writes.set(ID + record.id, { key: ID + record.id, value: place });
        writes.set(key, isActive(record) ? { key, value } : { key, delete: true });
      }
      await this.store.transact([...writes.values()]);
    }
    // Behind all that they stand for: what comes in between is taken once more, and is the same.
    const offsets = [...next].map(([partition, offset]) => ({ key: NEXT + partition, value: `${offset}` }));
    if (offsets.length > 0) await this.store.transact(offsets);
  }

  /** Transitions with `from <= windowEnd < to`, the newest first, each with the cursor behind it. */
  async *newestFirst({
    from,
    to,
    after,
  }: {
    readonly from: number;
    readonly to: number;
    readonly after: Cursor | null;
  }): AsyncGenerator<{ readonly record: AlertRecord; readonly cursor: Cursor }> {
    // A cursor that is of a later time would show what was not asked for.
    const start = timeText(to - 1);
    let at = HISTORY + (after !== null && after > start ? after : start);
    for (;;) {
      const page = await this.store.list(HISTORY, { after: at, limit: PAGE });
      for (const { key, value } of page) {
        const record = recordOf(value);
        if (record.windowEnd < from) return;
        yield { record, cursor: key.slice(HISTORY.length) };
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      at = last.key;
    }
  }

  /**
   * Lets go of transitions with a window that ended before, and of all but so many of the newest; those of an
   * alert that is active are kept as active.
   */
  async forget(before: number, most: number): Promise<void> {
    let after = `${HISTORY}${timeText(before)}0`;
    let last = HISTORY;
    for (let left = most; left > 0 && last < after; ) {
      const page = await this.store.list(HISTORY, { after: last, limit: Math.min(PAGE, left) });
      left -= page.length;
      last = page.at(-1)?.key ?? after;
    }
    if (last < after) after = last;
    for (;;) {
      const page = await this.store.list(HISTORY, { after, limit: PAGE });
      if (page.length === 0) return;
      const keys = page.flatMap(({ key }) => [key, ID + key.slice(key.indexOf('/', HISTORY.length) + 1)]);
      await this.store.transact(keys.map((key) => ({ key, delete: true })));
    }
  }

  /** Begins anew: of another log. */
  async clear(): Promise<void> {
    for (;;) {
      const page = await this.store.list(PREFIX, { limit: PAGE });
      if (page.length === 0) return;
      await this.store.transact(page.map(({ key }) => ({ key, delete: true })));
    }
  }

  async #all(prefix: string): Promise<readonly { readonly key: string; readonly value: string }[]> {
    const found: { readonly key: string; readonly value: string }[] = [];
    for (let after = prefix; ; ) {
      const page = await this.store.list(prefix, { after, limit: PAGE });
      found.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      after = last.key;
    }
  }
}
