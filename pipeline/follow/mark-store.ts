import type { Store, Versioned, Write } from '../../platform/store/store.js';
import type { Acknowledgement, AllMarks, Silence } from '../model/marks.js';
import { Turn } from './turn.js';

/** Not below the view's alerts: those are forgotten with their log. */
const SILENCE = 'marks/silence/';
const ACKNOWLEDGEMENT = 'marks/acknowledgement/';
/** Of each kind; several processes that write at once may exceed it by as many. */
const MOST_KEPT = 1_000;
/** How long one that has ended is kept, ms. */
const KEPT_MS = 5 * 86_400_000;
const PAGE = 500;

interface Kept<T> extends Versioned {
  readonly key: string;
  readonly mark: T;
}

/** The silences and acknowledgements, read through: what one process writes, all others see. */
export class MarkStore {
  readonly #turn = new Turn();

  constructor(readonly store: Store) {}

  async all(now: number): Promise<AllMarks> {
    const [silences, acknowledgements] = await Promise.all([
      this.#list<Silence>(SILENCE),
      this.#list<Acknowledgement>(ACKNOWLEDGEMENT),
    ]);
    return {
      silences: silences.map(({ mark }) => mark).filter(({ until }) => now < until + KEPT_MS),
      acknowledgements: acknowledgements.map(({ mark }) => mark),
    };
  }

  /** False where as many are kept as may be, and all of them are in effect or to come. */
  silence(silence: Silence, now: number): Promise<boolean> {
    const write = { key: SILENCE + silence.id, value: JSON.stringify(silence) };
    return this.#turn.take(async () => {
      for (;;) {
        const kept = await this.#list<Silence>(SILENCE);
        const deletes = placeFor(kept, { now, endOf: ({ until }) => (until <= now ? until : null) });
        if (deletes === null) return false;
        // Refused where somebody else deleted one of them in between.
        if (await this.store.transact([...deletes, write])) return true;
      }
    });
  }

  /** Ends it now; it stays, as one that has ended. False where there is none of that id. */
  async end(id: string, now: number): Promise<boolean> {
    const key = SILENCE + id;
    for (;;) {
      const kept = await this.store.get(key);
      if (kept === null) return false;
      const silence = JSON.parse(kept.value) as Silence;
      if (silence.until <= now) return true;
      const value = JSON.stringify({ ...silence, from: Math.min(silence.from, now), until: now });
      if (await this.store.transact([{ key, value, version: kept.version }])) return true;
    }
  }

  /**
   * In place of what was said of the same alert before: whether something was. Null where as many are kept as may
   * be, and all of them hold.
   */
  acknowledge(
    said: Acknowledgement,
    { now, holds }: { readonly now: number; readonly holds: (one: Acknowledgement) => boolean },
  ): Promise<'new' | 'replaced' | null> {
    const key = ACKNOWLEDGEMENT + said.fingerprint;
    const endOf = (one: Acknowledgement): number | null => (holds(one) ? null : (one.until ?? one.at));
    return this.#turn.take(async () => {
      for (;;) {
        const kept = await this.#list<Acknowledgement>(ACKNOWLEDGEMENT);
        const before = kept.find((one) => one.key === key);
        const deletes = placeFor(
          kept.filter((one) => one !== before),
          { now, endOf },
        );
        if (deletes === null) return null;
        if (await this.store.transact([...deletes, { key, value: JSON.stringify(said) }]))
          return before && holds(before.mark) ? 'replaced' : 'new';
      }
    });
  }

  /** False where there is none of that alert that holds. */
  async withdraw(fingerprint: string, holds: (one: Acknowledgement) => boolean): Promise<boolean> {
    const key = ACKNOWLEDGEMENT + fingerprint;
    const kept = await this.store.get(key);
    if (kept === null || !holds(JSON.parse(kept.value) as Acknowledgement)) return false;
    return this.store.transact([{ key, delete: true }]);
  }

  async #list<T>(prefix: string): Promise<readonly Kept<T>[]> {
    const found: Kept<T>[] = [];
    for (let after = prefix; ; ) {
      const page = await this.store.list(prefix, { after, limit: PAGE });
      found.push(...page.map((one) => ({ ...one, mark: JSON.parse(one.value) as T })));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      after = last.key;
    }
  }
}

/**
 * What to delete before one more is kept: what ended long ago, and what ended first where there is no place else.
 * Null where that gives none. `endOf` is null for what has not ended.
 */
function placeFor<T>(
  kept: readonly Kept<T>[],
  { now, endOf }: { readonly now: number; readonly endOf: (mark: T) => number | null },
): readonly Write[] | null {
  const ended = kept
    .map((one) => ({ ...one, end: endOf(one.mark) ?? Number.POSITIVE_INFINITY }))
    .filter(({ end }) => end <= now)
    .sort((a, b) => a.end - b.end);
  const old = ended.filter(({ end }) => end + KEPT_MS <= now).length;
  const going = ended.slice(0, Math.max(old, kept.length + 1 - MOST_KEPT));
  if (kept.length - going.length >= MOST_KEPT) return null;
  return going.map(({ key, version }) => ({ key, delete: true, version }));
}
