import type { Patience } from '../../platform/codec/load.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { WindowRecord } from '../../schemas/types.js';
import { byCodeUnits, groupText } from '../model/text.js';
import type { SharedTopic } from './shared-topic.js';

export interface RecentWindowsOptions {
  readonly log: EventLog;
  readonly topic: SharedTopic;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Its signal ends following. */
  readonly patience: Patience;
  readonly onFatal: (error: unknown) => void;
}

/** Windows of a group that are kept, fewer where there are many groups: so many in all. */
const KEPT = 30;
const MOST_WINDOWS = 100_000;
/** How far back it begins, and how long a group is kept that has no more windows, ms. */
const LOOK_BACK_MS = 60 * 60_000;
/** So many groups are kept, those that were heard of last. */
const MOST_GROUPS = 50_000;

/** The last windows of each group, for who wants to see at a glance how it came to this. */
export class RecentWindows {
  /** By selection and group text; the one that was heard of last is last. */
  readonly #groups = new Map<string, WindowRecord[]>();
  #followers: Promise<unknown> = Promise.resolve();
  #newest = Number.NEGATIVE_INFINITY;

  constructor(readonly options: RecentWindowsOptions) {}

  /** End of the newest window that has closed, ms since the epoch; -Infinity before the first. */
  get newest(): number {
    return this.#newest;
  }

  start(): void {
    this.#followers = this.#followAll().catch(this.options.onFatal);
  }

  /** The oldest first. */
  of(selection: string, group: string): readonly WindowRecord[] {
    return this.#groups.get(`${selection} ${group}`) ?? [];
  }

  /** The groups of a selection, in order of their texts. */
  groupsOf(selection: string): readonly { readonly text: string; readonly labels: WindowRecord['group'] }[] {
    const prefix = `${selection} `;
    return [...this.#groups]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, windows]) => ({ text: key.slice(prefix.length), labels: windows[0]?.group ?? {} }))
      .sort((a, b) => byCodeUnits(a.text, b.text));
  }

  /** How many groups of each selection had a window of late. */
  groups(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [window] of this.#groups.values())
      if (window) counts.set(window.selection, (counts.get(window.selection) ?? 0) + 1);
    return counts;
  }

  /** Resolves once nothing is followed any more, after the signal. */
  async ended(): Promise<void> {
    await this.#followers;
  }

  async #followAll(): Promise<void> {
    const { log, topic, clock } = this.options;
    const name = topic.options.topic;
    const from = clock() - LOOK_BACK_MS;
    const partitions = await log.partitions(name);
    await Promise.all(
      Array.from({ length: partitions }, async (_, partition) =>
        this.#follow(partition, await log.offsetAt(name, partition, from)),
      ),
    );
  }

  async #follow(partition: number, from: number): Promise<void> {
    const { topic, patience } = this.options;
    for await (const { entries } of topic.follow(partition, from, patience.signal))
      for (const { decoded } of entries) if (decoded.type === 'WindowRecord') this.#take(decoded.value);
  }

  #take(window: WindowRecord): void {
    const key = `${window.selection} ${groupText(window.group)}`;
    const windows = this.#groups.get(key) ?? [];
    this.#groups.delete(key);
    this.#groups.set(key, windows);
    windows.push(window);
    const most = Math.max(1, Math.min(KEPT, Math.floor(MOST_WINDOWS / this.#groups.size)));
    if (windows.length > most) windows.splice(0, windows.length - most);
    this.#newest = Math.max(this.#newest, window.end);
    for (const [oldest, kept] of this.#groups) {
      const silent = (kept.at(-1)?.end ?? 0) < this.#newest - LOOK_BACK_MS;
      if (!silent && this.#groups.size <= MOST_GROUPS) break;
      this.#groups.delete(oldest);
    }
  }
}
