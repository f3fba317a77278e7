import type { Patience } from '../../platform/codec/load.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';
import { StoreError } from '../../platform/store/store.js';
import type { AlertRecord } from '../../schemas/types.js';
import { type AlertStore, type Cursor, isActive } from '../follow/alert-store.js';
import { patiently } from '../follow/scan.js';
import type { SharedTopic } from '../follow/shared-topic.js';
import { Turn } from '../follow/turn.js';
import { byCodeUnits } from '../model/text.js';

export interface AlertIndexOptions {
  readonly log: EventLog;
  readonly topic: SharedTopic;
  readonly store: AlertStore;
  /** How long transitions are kept, ms. */
  readonly retention: number;
  /** So many of the newest are kept, however young the others are. */
  readonly mostKept?: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Its signal ends following. */
  readonly patience: Patience;
  readonly onFatal: (error: unknown) => void;
}

export interface HistoryQuery {
  /** `from <= windowEnd < to`, ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly matches: (record: AlertRecord) => boolean;
  readonly limit: number;
  readonly after: Cursor | null;
}

export interface HistoryPage {
  /** The newest first. */
  readonly records: readonly AlertRecord[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

/** How often what came is kept, and tried again where it could not be, ms. */
const KEEP_EVERY_MS = 1_000;
/** So many transitions wait to be kept. */
const MOST_WAITING = 50_000;
const FORGET_EVERY_MS = 15 * 60_000;
const MOST_KEPT = 50_000;
/** So many transitions are looked at for one page: a filter that nothing matches costs no more. */
const MOST_LOOKED_AT = 20_000;

/**
 * The alerts that are active, and the transitions of the past: followed in the topic, kept in the store, so that
 * an alert is known for as long as it fires, and longer than the topic goes back.
 */
export class AlertIndex {
  readonly #active = new Map<string, AlertRecord>();
  /** What is not kept yet. */
  #waiting: AlertRecord[] = [];
  #next = new Map<number, Offset>();
  readonly #keeping = new Turn();
  #followers: Promise<unknown> = Promise.resolve();

  constructor(readonly options: AlertIndexOptions) {}

  /** Resolves once all that is in the topic now has been read; follows it from then on. */
  async start(): Promise<void> {
    const { log, topic, onFatal } = this.options;
    const name = topic.options.topic;
    const partitions = Array.from({ length: await log.partitions(name) }, (_, partition) => partition);
    const ranges = await Promise.all(partitions.map((partition) => log.range(name, partition)));
    const kept = await patiently(this.options.patience, () => this.#load(ranges.map(({ end }) => end)));
    const followed = ranges.map(({ start, end }, partition) => {
      const from = Math.max(start, kept?.[partition] ?? start);
      let caughtUp: () => void = () => {};
      const ready = new Promise<void>((resolve) => {
        caughtUp = resolve;
      });
      return { ready, done: this.#follow({ partition, from, end, caughtUp }) };
    });
    this.#followers = Promise.all([...followed.map(({ done }) => done), this.#keep(), this.#forget()]).catch(
      onFatal,
    );
    await Promise.all(followed.map(({ ready }) => ready));
  }

  /** What was kept of the alerts that are active; returns where each partition goes on, null where at its begin. */
  async #load(ends: readonly Offset[]): Promise<readonly (Offset | null)[]> {
    const { store } = this.options;
    const kept = await Promise.all(ends.map((_, partition) => store.next(partition)));
    if (kept.some((next, partition) => (next ?? 0) > (ends[partition] ?? 0))) {
      // Of another log of this name it says nothing of this one.
      await store.clear();
      return ends.map(() => null);
    }
    for (const record of await store.active()) this.#active.set(record.fingerprint, record);
    return kept;
  }

  /** Firing first, then by name and group. */
  active(): readonly AlertRecord[] {
    return [...this.#active.values()].sort(
      (a, b) =>
        byCodeUnits(a.state, b.state) ||
        byCodeUnits(a.alert, b.alert) ||
        byCodeUnits(a.fingerprint, b.fingerprint),
    );
  }

  /** The alert of a fingerprint; null where it is not active. */
  activeOf(fingerprint: string): AlertRecord | null {
    return this.#active.get(fingerprint) ?? null;
  }

  /** The transition of an id, of those that are kept or active; null where there is none. */
  async byId(id: string): Promise<AlertRecord | null> {
    await this.#flush();
    const active = [...this.#active.values()].find((one) => one.id === id);
    return active ?? this.options.store.byId(id);
  }

  /** Transitions of the past, page by page. */
  async history({ from, to, matches, limit, after }: HistoryQuery): Promise<HistoryPage> {
    await this.#flush();
    const records: AlertRecord[] = [];
    let looked = 0;
    let last: Cursor | null = null;
    for await (const { record, cursor } of this.options.store.newestFirst({ from, to, after })) {
      if (records.length === limit || looked === MOST_LOOKED_AT) return { records, next: last };
      looked++;
      last = cursor;
      if (matches(record)) records.push(record);
    }
    return { records, next: null };
  }

  /** Resolves once nothing is followed any more, after the signal. */
  async ended(): Promise<void> {
    await this.#followers;
    await this.#flush().catch(() => undefined);
  }

  async #follow(of: { partition: number; from: Offset; end: Offset; caughtUp: () => void }): Promise<void> {
    const { topic, patience } = this.options;
    let at = of.from;
    if (at >= of.end) of.caughtUp();
    for await (const { entries, next } of topic.follow(of.partition, at, patience.signal)) {
      // A store that is away for long holds up who reads, not what waits.
      while (this.#waiting.length > MOST_WAITING && !patience.signal.aborted)
        await patience.pause(KEEP_EVERY_MS, patience.signal);
      for (const { decoded } of entries) if (decoded.type === 'AlertRecord') this.#take(decoded.value);
      this.#next.set(of.partition, next);
      if (next >= of.end || next === at) of.caughtUp();
      at = next;
    }
  }

  #take(record: AlertRecord): void {
    if (isActive(record)) this.#active.set(record.fingerprint, record);
    else this.#active.delete(record.fingerprint);
    this.#waiting.push(record);
  }

  #flush(): Promise<void> {
    return this.#keeping.take(async () => {
      const [records, next] = [this.#waiting, this.#next];
      if (next.size === 0) return;
      this.#waiting = [];
      this.#next = new Map();
      try {
        await this.options.store.take(records, next);
      } catch (error) {
        this.#waiting = [...records, ...this.#waiting];
        this.#next = new Map([...next, ...this.#next]);
        throw error;
      }
    });
  }

  async #keep(): Promise<void> {
    await this.#every(KEEP_EVERY_MS, () => this.#flush());
  }

  async #forget(): Promise<void> {
    const { store, clock, retention, mostKept = MOST_KEPT } = this.options;
    await this.#every(FORGET_EVERY_MS, () => store.forget(clock() - retention, mostKept));
  }

  /** A store that is away says so by itself; the next time it is tried again. */
  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { pause, signal } = this.options.patience;
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!(error instanceof StoreError && error.retryable)) throw error;
      });
      await pause(ms, signal);
    }
  }
}
