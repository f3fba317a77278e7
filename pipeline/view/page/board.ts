import type { AlertRecord } from '../../../schemas/types.js';

/** An alert that has ended stays on the board for so long, ms: one sees it go. */
export const RESOLVED_FOR_MS = 15 * 60_000;

const stateRanks: Readonly<Record<AlertRecord['state'], number>> = {
  firing: 0,
  pending: 1,
  resolved: 2,
  inactive: 3,
};
const severityRanks: Readonly<Record<string, number>> = { critical: 0, warning: 1, info: 2 };

export interface Counts {
  readonly firing: number;
  readonly pending: number;
  readonly resolved: number;
}

/**
 * What the board shows: the newest transition of each alert. Transitions may come twice and, from a list and a
 * stream, in any order: an alert has one a window.
 */
export class Board {
  readonly #newest = new Map<string, AlertRecord>();

  take(record: AlertRecord): void {
    const known = this.#newest.get(record.fingerprint);
    if (known === undefined || known.windowEnd <= record.windowEnd)
      this.#newest.set(record.fingerprint, record);
  }

  get(fingerprint: string): AlertRecord | null {
    return this.#newest.get(fingerprint) ?? null;
  }

  /**
   * Takes the list of those that are active at a time (ms since the epoch): what it does not hold any more has
   * ended, unless it began after.
   */
  takeActive(active: readonly AlertRecord[], at: number): void {
    const listed = new Set(active.map(({ fingerprint }) => fingerprint));
    for (const [fingerprint, { state, windowEnd }] of this.#newest)
      if ((state === 'firing' || state === 'pending') && !listed.has(fingerprint) && windowEnd < at)
        this.#newest.delete(fingerprint);
    for (const record of active) this.take(record);
  }

  /** Lets go of those that ended long before now. */
  forget(now: number): void {
    for (const [fingerprint, { state, windowEnd }] of this.#newest)
      if ((state === 'resolved' || state === 'inactive') && windowEnd < now - RESOLVED_FOR_MS)
        this.#newest.delete(fingerprint);
  }

  /** Of those that count; of all unless told otherwise. */
  counts(isCounted: (record: AlertRecord) => boolean = () => true): Counts {
    const counts = { firing: 0, pending: 0, resolved: 0 };
    for (const one of this.#newest.values())
      if (one.state !== 'inactive' && isCounted(one)) counts[one.state]++;
    return counts;
  }

  /** Those that are pending or firing, in no order that says anything. */
  active(): readonly AlertRecord[] {
    return [...this.#newest.values()].filter(({ state }) => state === 'firing' || state === 'pending');
  }

  /** Firing first, the most severe first, then the newest. */
  rows(shows: (record: AlertRecord) => boolean): readonly AlertRecord[] {
    return [...this.#newest.values()].filter((one) => one.state !== 'inactive' && shows(one)).sort(order);
  }
}

const order = (a: AlertRecord, b: AlertRecord): number =>
  stateRanks[a.state] - stateRanks[b.state] ||
  (severityRanks[a.severity] ?? 9) - (severityRanks[b.severity] ?? 9) ||
  b.startsAt - a.startsAt ||
  (a.fingerprint < b.fingerprint ? -1 : 1);
