import type { Labels } from './matcher.js';
import { addTo, sharedOf } from './panes.js';
import type { Session } from './selection.js';
import type { StateReader, StateWriter } from './state-bytes.js';
import { type CoveredSums, type GroupWindow, loadSums, saveSums } from './sums.js';
import { groupText } from './text.js';

/** A session that is not over: over its panes with requests so far. */
interface OpenSession extends CoveredSums {
  readonly labels: Labels;
  readonly start: number;
  end: number;
}

/** The sessions of a selection's groups that are open; docs/semantics.md, "Sessions". */
export class Sessions {
  readonly #open = new Map<string, OpenSession>();
  /** Asked at each step of any selection; null where it has to be looked for. */
  #nextEnd: number | null = null;

  constructor(readonly session: Session) {}

  /** When the next one is over, if nothing comes any more; Infinity where none is open. */
  get nextEnd(): number {
    this.#nextEnd ??= this.#findNextEnd();
    return this.#nextEnd;
  }

  #findNextEnd(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const open of this.#open.values()) next = Math.min(next, this.#over(open));
    return next;
  }

  isOpen(text: string): boolean {
    return this.#open.has(text);
  }

  /** Takes the panes that close next. */
  take(panes: readonly GroupWindow[]): void {
    this.#nextEnd = null;
    for (const pane of panes) {
      if (!(pane.requests > 0)) continue;
      const open = this.#open.get(pane.text);
      if (open) {
        addTo(open, pane);
        open.buckets = sharedOf(open.buckets, pane.buckets);
        open.end = pane.end;
      } else {
        const { text, ...first } = pane;
        this.#open.set(text, first);
      }
    }
  }

  /** Forgets those that a pane broke which is not whole. */
  drop(wholeFrom: number): void {
    this.#nextEnd = null;
    for (const [text, { start }] of this.#open) if (start < wholeFrom) this.#open.delete(text);
  }

  /** Hands out those that are over at that time, in no order. */
  close(at: number): readonly GroupWindow[] {
    this.#nextEnd = null;
    const closed: GroupWindow[] = [];
    for (const [text, open] of this.#open) {
      if (this.#over(open) > at) continue;
      this.#open.delete(text);
      closed.push({ text, ...open });
    }
    return closed;
  }

  #over({ start, end }: OpenSession): number {
    return Math.min(end + this.session.gap, start + this.session.max);
  }

  save(to: StateWriter): void {
    to.list(this.#open.values(), (open) => {
      to.labels(open.labels);
      to.f64(open.start);
      to.f64(open.end);
      saveSums(to, open);
      to.f64(open.samples);
    });
  }

  load(from: StateReader): void {
    this.#nextEnd = null;
    from.list(() => {
      const labels = from.labels();
      const bounds = { labels, start: from.f64(), end: from.f64() };
      // What has requests is covered.
      this.#open.set(groupText(labels), {
        ...bounds,
        ...loadSums(from),
        samples: from.f64(),
        covered: true,
      });
    });
  }
}
