import type { Codec } from '../../platform/codec/codec.js';
import type { Patience } from '../../platform/codec/load.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';
import { type Store, StoreError } from '../../platform/store/store.js';
import { AlertStore } from '../follow/alert-store.js';
import { patiently } from '../follow/scan.js';
import type { SharedTopic } from '../follow/shared-topic.js';
import { Turn } from '../follow/turn.js';
import { encodeOutputs } from '../stage/encode.js';
import { firingNow, isWithin, rangesOf } from './firing.js';
import { type Item, itemOf, itemsOf, letterOf } from './item.js';
import { Ledger } from './ledger.js';
import { MarkReader } from './mark-reader.js';
import { inRequests, type Notice } from './notice.js';
import type { Outcome, Receiver } from './receiver.js';
import { retryDelay } from './retry.js';
import { Standing } from './standing.js';
import type { Watchdog } from './watchdog.js';

/** What became of a notice, each time it was sent; expired: nobody took it for a day. */
export type Result = Outcome['kind'] | 'expired';

export interface HandoverOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly store: Store;
  readonly watchdog: Pick<Watchdog, 'beat'>;
  /** How often a receiver is told again what it forgets, ms. */
  readonly interval: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly say: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly count: (receiver: string, result: Result, notices: number) => void;
}

const DAY_MS = 24 * 60 * 60_000;
const nowhere: ReadonlyMap<number, Offset> = new Map();

/** Tells one receiver of all alerts, in order, at least once; what it does not take now holds up nobody else. */
export class Handover {
  readonly #ledger: Ledger;
  readonly #standing: Standing;
  readonly #marks: MarkReader;
  /** One request at a time: what is told again must not come behind what is newer. */
  readonly #turn = new Turn();
  /** End of the window of what is to be taken next, by partition; ms since the epoch. */
  readonly #waiting = new Map<number, number>();

  constructor(
    readonly receiver: Receiver,
    readonly topic: SharedTopic,
    readonly options: HandoverOptions,
  ) {
    this.#ledger = new Ledger(options.store, receiver);
    this.#standing = new Standing(receiver.name, options);
    this.#marks = new MarkReader(options);
  }

  /** How old the oldest transition is that it has not taken, ms; 0 where it has taken all. */
  get lag(): number {
    return Math.max(0, this.options.clock() - Math.min(...this.#waiting.values(), Number.POSITIVE_INFINITY));
  }

  /** Until the signal of the topic is aborted. Rejects where log or store have a fault that lasts. */
  async run(): Promise<void> {
    const next = await this.#begin();
    if (next === null) return;
    const followed = next.map((from, partition) => this.#follow(partition, from));
    await Promise.all([...followed, this.#tellAgain()]);
  }

  get #patience(): Patience {
    return this.topic.options.patience;
  }

  /** Where each partition goes on; one that was told nothing yet is told first what fires. */
  async #begin(): Promise<readonly Offset[] | null> {
    const patience = this.#patience;
    const { log, store, say } = this.options;
    while (!patience.signal.aborted) {
      const ranges = await patiently(patience, () => rangesOf(log, this.topic.options.topic));
      const kept = ranges && (await patiently(patience, () => this.#ledger.load(ranges.length)));
      if (!ranges || !kept) return null;
      this.#standing.resume(this.#ledger.silentSince);
      if (ranges.every((range, partition) => isWithin(kept[partition] ?? null, range)))
        return kept.map((next) => next ?? 0);
      if (kept.some((next) => next !== null))
        say(
          'warn',
          `${this.receiver.name}: the log no longer holds where it was told last; it is told what fires now, and not what resolved in between`,
        );
      const now = await firingNow({ log, topic: this.topic, kept: new AlertStore(store), patience });
      if (now === null) return null;
      await patiently(patience, () => this.#ledger.clear());
      const items = now.records.flatMap((record) => itemOf(record, 0, null));
      for (const request of inRequests(items, ({ notice }) => notice)) await this.#deliver(request, nowhere);
      await patiently(patience, () => this.#ledger.keep([], new Map(now.next.entries())));
    }
    return null;
  }

  async #follow(partition: number, from: Offset): Promise<void> {
    let told = from;
    const { signal } = this.#patience;
    for await (const { entries, next } of this.topic.follow(partition, from, signal)) {
      const items = entries.flatMap((entry) => itemsOf(entry, partition));
      for (const request of inRequests(items, ({ notice }) => notice)) {
        const [first, last] = [request[0], request.at(-1)];
        if (first) this.#waiting.set(partition, first.record.windowEnd);
        told = (last?.offset ?? told) + 1;
        await this.#deliver(request, new Map([[partition, told]]));
      }
      this.#waiting.delete(partition);
      if (next > told)
        await patiently(this.#patience, () => this.#ledger.keep([], new Map([[partition, next]])));
      told = Math.max(told, next);
    }
  }

  /** Until it has taken or refused them, or they were due for a day; that is kept, with where the partition goes on. */
  async #deliver(items: readonly Item[], next: ReadonlyMap<number, Offset>): Promise<void> {
    const { pause, signal } = this.#patience;
    const notices = items.map(({ notice }) => notice);
    for (let failures = 1; !signal.aborted; failures++) {
      const outcome = await this.#turn.take(() => this.#send(notices));
      if (outcome.kind === 'accepted') break;
      if (outcome.kind === 'refused') {
        // One may be what is wrong with all.
        if (items.length > 1) for (const item of items) await this.#deliver([item], nowhere);
        else await this.#refused(items, outcome.detail);
        break;
      }
      if (await patiently(this.#patience, () => this.#isOverdue(items))) {
        await this.#expired(items, outcome.detail);
        break;
      }
      await pause(retryDelay(failures, this.options.random), signal);
    }
    await patiently(this.#patience, () => this.#ledger.keep(notices, next));
  }

  async #send(notices: readonly Notice[]): Promise<Outcome> {
    const { clock, count } = this.options;
    const { signal } = this.#patience;
    const told = this.receiver.marked ? await this.#marks.of(notices) : notices;
    const outcome = await this.receiver.send(told, signal);
    if (outcome.kind === 'accepted') this.#ledger.took(notices, clock());
    // Not yet: each of them is tried alone.
    const result = outcome.kind === 'refused' && notices.length > 1 ? 'failed' : outcome.kind;
    count(this.receiver.name, result, notices.length);
    await this.#heard(outcome);
    return outcome;
  }

  async #heard(outcome: Outcome): Promise<void> {
    if (this.#patience.signal.aborted) return;
    this.#standing.heard(outcome);
    await this.#ledger.keepSilence(this.#standing.silentSince).catch(untilNextTime);
  }

  /** Whether all were due for a day: were in the log, with a receiver that answered nothing. */
  async #isOverdue(items: readonly Item[]): Promise<boolean> {
    const before = this.options.clock() - DAY_MS;
    const { silentSince } = this.#standing;
    if (silentSince === null || silentSince > before) return false;
    // Of a request, the last is the youngest.
    const { partition = 0, offset = null } = items.at(-1) ?? {};
    if (offset === null) return false;
    return offset < (await this.options.log.offsetAt(this.topic.options.topic, partition, before + 1));
  }

  async #refused(items: readonly Item[], detail: string): Promise<void> {
    this.#ledger.drop(items.map(({ notice }) => notice));
    this.#standing.gaveUp(
      items.map(({ notice }) => notice),
      `refused: ${detail}`,
    );
    await this.#bury(items, detail);
  }

  async #expired(items: readonly Item[], detail: string): Promise<void> {
    const { clock, count } = this.options;
    const notices = items.map(({ notice }) => notice);
    // As far as it is told again, it still will be.
    this.#ledger.took(notices, clock());
    count(this.receiver.name, 'expired', items.length);
    this.#standing.gaveUp(notices, `not taken for a day: ${detail}`);
    await this.#bury(items, detail);
  }

  async #bury(items: readonly Item[], detail: string): Promise<void> {
    const { log, codec } = this.options;
    const { topic } = this.topic.options;
    const told = `${this.receiver.name}: ${detail}`;
    const letters = items.flatMap((item) => letterOf(item, { codec, topic, detail: told }));
    for (const output of encodeOutputs(codec, letters))
      await patiently(this.#patience, () => log.append(output));
  }

  async #tellAgain(): Promise<void> {
    const { watchdog, interval, clock, random } = this.options;
    const { pause, signal } = this.#patience;
    for (let failures = 0; !signal.aborted; ) {
      const beat = await watchdog.beat();
      const told = await this.#turn.take(async () => {
        const notices = [...(beat ? [beat] : []), ...this.#ledger.again(clock())];
        for (const request of inRequests(notices, (notice) => notice)) {
          if (signal.aborted || (await this.#remind(request)) === 'failed') return false;
        }
        return true;
      });
      await this.#ledger.prune(clock()).catch(untilNextTime);
      failures = told ? 0 : failures + 1;
      // One that was away may have forgotten all.
      await pause(told ? interval : Math.min(interval, retryDelay(failures, random)), signal);
    }
  }

  async #remind(notices: readonly Notice[]): Promise<Outcome['kind']> {
    const outcome = await this.receiver.send(notices, this.#patience.signal);
    this.options.count(this.receiver.name, outcome.kind, notices.length);
    await this.#heard(outcome);
    if (outcome.kind === 'refused')
      this.#standing.gaveUp(notices, `refused, when told again: ${outcome.detail}`);
    return outcome.kind;
  }
}

/** What cannot be kept now is kept with what comes next. */
function untilNextTime(error: unknown): void {
  if (!(error instanceof StoreError && error.retryable)) throw error;
}
