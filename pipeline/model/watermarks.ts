import type { StateReader, StateWriter } from './state-bytes.js';

/** How far back an interval may reach, and how far behind a source may fall, ms. */
export const LOOKBACK = 5 * 60_000;
/** How far ahead of the watermark a sample may be, ms. */
export const MAX_SKEW = 10 * 60_000;

/** The watermark of one partition: the least over its sources, without those that fell silent. */
export class PartitionWatermark {
  /** ms; -Infinity while there is none. */
  value = Number.NEGATIVE_INFINITY;
  /** Greatest number of partitions that a source said it writes to. */
  sourcePartitions = 0;
  readonly #sources = new Map<string, number>();

  /** Takes a source's promise; returns the watermark after it. */
  advance(source: string, timestamp: number, partitions: number): number {
    this.sourcePartitions = Math.max(this.sourcePartitions, partitions);
    const seen = this.#sources.get(source);
    if (seen === undefined || timestamp > seen) this.#sources.set(source, timestamp);
    let greatest = Number.NEGATIVE_INFINITY;
    for (const at of this.#sources.values()) greatest = Math.max(greatest, at);
    let least = greatest;
    for (const at of this.#sources.values()) if (at >= greatest - LOOKBACK) least = Math.min(least, at);
    this.value = Math.max(this.value, least);
    return this.value;
  }

  save(to: StateWriter): void {
    to.f64(this.value);
    to.u32(this.sourcePartitions);
    to.list(this.#sources, ([source, at]) => {
      to.text(source);
      to.f64(at);
    });
  }

  static load(from: StateReader): PartitionWatermark {
    const watermark = new PartitionWatermark();
    watermark.value = from.f64();
    watermark.sourcePartitions = from.u32();
    for (const [source, at] of from.list(() => [from.text(), from.f64()] as const))
      watermark.#sources.set(source, at);
    return watermark;
  }
}
