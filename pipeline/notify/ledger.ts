import type { Offset } from '../../platform/log/event-log.js';
import type { Store, Write } from '../../platform/store/store.js';
import { byName, type Notice } from './notice.js';

/** An alert that resolved is told again for so long after it was taken first, ms. */
const RESOLVED_MS = 15 * 60_000;
const PAGE = 500;

interface Told {
  readonly notice: Notice;
  /** Until when it is told again, ms since the epoch; null while it fires. */
  readonly until: number | null;
}

/** What one receiver has been told: up to where in the log, and of which alerts it is told again. */
export class Ledger {
  readonly #told = new Map<string, Told>();
  readonly #prefix: string;
  #silentSince: number | null = null;

  constructor(
    readonly store: Store,
    /** `forgetful`: whether it is told again at all. */
    readonly receiver: { readonly name: string; readonly forgetful: boolean },
  ) {
    this.#prefix = `notify/${encodeURIComponent(receiver.name)}/`;
  }

  /** Since when it has answered nothing, as that is kept, ms since the epoch; null where it answers. */
  get silentSince(): number | null {
    return this.#silentSince;
  }

  /** Reads what is kept; returns where each partition goes on, null where nothing of it is kept. */
  async load(partitions: number): Promise<readonly (Offset | null)[]> {
    this.#told.clear();
    for (const { value } of await this.#all('alert/')) this.#put(JSON.parse(value) as Told);
    const silent = await this.store.get(this.#silentKey);
    this.#silentSince = silent && Number(silent.value);
    const all = Array.from({ length: partitions }, (_, partition) =>
      this.store.get(this.#nextKey(partition)),
    );
    return (await Promise.all(all)).map((kept) => (kept === null ? null : Number(kept.value)));
  }

  /** What it is told again at that time, ms since the epoch. */
  again(now: number): readonly Notice[] {
    const current = [...this.#told.values()].filter(({ until }) => until === null || now < until);
    return current.map(({ notice }) => notice).sort(byName);
  }

  /** It took these, at that time. */
  took(notices: readonly Notice[], now: number): void {
    if (!this.receiver.forgetful) return;
    for (const notice of notices)
      this.#put({ notice, until: notice.status === 'resolved' ? now + RESOLVED_MS : null });
  }

  /** It is not told of these again. */
  drop(notices: readonly Notice[]): void {
    for (const { fingerprint } of notices) this.#told.delete(fingerprint);
  }

  /** Keeps what became of these, and where partitions go on, all or nothing. */
  async keep(notices: readonly Notice[], next: ReadonlyMap<number, Offset>): Promise<void> {
    const writes: Write[] = this.receiver.forgetful
      ? notices.map(({ fingerprint }) => {
          const told = this.#told.get(fingerprint);
          const key = `${this.#prefix}alert/${fingerprint}`;
          return told ? { key, value: JSON.stringify(told) } : { key, delete: true };
        })
      : [];
    for (const [partition, offset] of next)
      writes.push({ key: this.#nextKey(partition), value: `${offset}` });
    if (writes.length > 0) await this.store.transact(writes);
  }

  /** Keeps since when it has answered nothing, so that a day of that may be longer than a process lives. */
  async keepSilence(since: number | null): Promise<void> {
    if (since === this.#silentSince) return;
    const key = this.#silentKey;
    await this.store.transact([since === null ? { key, delete: true } : { key, value: `${since}` }]);
    this.#silentSince = since;
  }

  /** Lets go of what resolved long enough ago. */
  async prune(now: number): Promise<void> {
    const over = [...this.#told.values()].filter(({ until }) => until !== null && until <= now);
    const notices = over.slice(0, PAGE).map(({ notice }) => notice);
    this.drop(notices);
    await this.keep(notices, new Map());
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    this.#told.clear();
    this.#silentSince = null;
    const kept = await this.#all('');
    for (let at = 0; at < kept.length; at += PAGE)
      await this.store.transact(kept.slice(at, at + PAGE).map(({ key }) => ({ key, delete: true })));
  }

  #put(told: Told): void {
    this.#told.set(told.notice.fingerprint, told);
  }

  get #silentKey(): string {
    return `${this.#prefix}silent`;
  }

  #nextKey(partition: number): string {
    return `${this.#prefix}next/${partition}`;
  }

  async #all(under: string): Promise<readonly { readonly key: string; readonly value: string }[]> {
    const found: { readonly key: string; readonly value: string }[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.store.list(this.#prefix + under, { limit: PAGE, ...(after ? { after } : {}) });
      found.push(...page);
      after = page.at(-1)?.key;
      if (after === undefined || page.length < PAGE) return found;
    }
  }
}
