import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** A stretch of the clock that `performance.now` reads, ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** How long the process stood still to collect garbage, from the first time on that it is asked to watch. */
export class Collections {
  readonly #entries: PerformanceEntry[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    this.#entries.push(...list.getEntries());
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** s, within the spans, which are in order and apart. What the observer was not told of yet is waited for. */
  async within(spans: readonly Span[]): Promise<number> {
    await turn();
    this.#entries.push(...this.#observer.takeRecords());
    return overlap(
      this.#entries.map(({ startTime, duration }) => ({ from: startTime, to: startTime + duration })),
      spans,
    );
  }
}

/** How much of the pauses lies within the spans, s; both are in order and apart. */
export function overlap(pauses: readonly Span[], spans: readonly Span[]): number {
  let ms = 0;
  let first = 0;
  for (const { from, to } of pauses) {
    while (first < spans.length && (spans[first]?.to ?? 0) <= from) first++;
    for (let i = first; i < spans.length && (spans[i]?.from ?? 0) < to; i++) {
      const span = spans[i];
      if (span) ms += Math.min(to, span.to) - Math.max(from, span.from);
    }
  }
  return ms / 1e3;
}
