import type { Feed } from '../pipeline/backtest/run.js';
import { MAX_SKEW } from '../pipeline/model/watermarks.js';
import { topics } from '../pipeline/stage/stage.js';
import type { Decoder } from '../platform/codec/codec.js';
import { loadUnknown, schemaIdOf } from '../platform/codec/load.js';
import type { Batch } from '../platform/log/batch.js';
import type { LogSource } from './cluster.js';
import { batchesOf, type Part, partsOf } from './log-parts.js';
import type { MetricsInput } from './metrics-input.js';

interface Reading extends Part {
  readonly batches: AsyncGenerator<Batch, undefined>;
  /** Whether a watermark came: without one before it, a sample is refused. */
  begun: boolean;
}

/** The topic `metrics` of a log, as it is now; batch by batch, never held as a whole. */
export async function logInput(
  { log, codec }: Pick<LogSource, 'log' | 'codec'>,
  warn: (line: string) => void,
): Promise<MetricsInput> {
  const parts = await partsOf(log, topics.metrics);
  return {
    partitions: parts.length,
    metrics: codec,
    feed: async (run, { from, to, progress }) => {
      const whole = from === Number.NEGATIVE_INFINITY;
      const gone = parts.filter(({ start }) => start > 0).length;
      if (whole && gone > 0)
        warn(
          'the beginning of the log is no longer kept: alerts of its first hours may differ from those that were live',
        );
      const open: Reading[] = [];
      for (const part of parts) {
        // Nothing is appended before it happened, by clocks that may be so far apart.
        const start = whole
          ? part.start
          : Math.max(
              part.start,
              await log.offsetAt(part.topic, part.partition, Math.max(0, from - MAX_SKEW)),
            );
        open.push({ ...part, start, batches: batchesOf(log, { ...part, start }), begun: whole });
      }
      const all = open.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0);
      let read = 0;
      try {
        for (let next = behind(open, run.watermark); next; next = behind(open, run.watermark)) {
          const { value: batch } = await next.batches.next();
          if (batch) {
            await loadUnknown(codec, batch, (id) => codec.load(id));
            read += take(batch, next, { codec, run });
            run.flush(next.partition);
            progress(Math.min(1, read / all));
          }
          if (batch && run.watermark(next.partition) < to) continue;
          await next.batches.return(undefined);
          open.splice(open.indexOf(next), 1);
        }
      } finally {
        for (const { batches } of open) await batches.return(undefined);
      }
    },
  };
}

/** Hands over what belongs to the part; how many offsets that is. */
function take(batch: Batch, part: Reading, { codec, run }: { codec: Decoder; run: Feed }): number {
  let taken = 0;
  while (batch.advance() && batch.offset < part.end) {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
    const value = bytes.subarray(valueStart, valueEnd);
    taken++;
    part.begun ||= codec.typeOf(schemaIdOf(value) ?? -1) === 'Watermark';
    if (part.begun)
      run.append(part.partition, { key: keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd), value });
  }
  return taken;
}

/** The one that is furthest behind, so that nothing has to wait for it in memory. */
function behind(open: readonly Reading[], watermark: (partition: number) => number): Reading | null {
  let least: Reading | null = null;
  for (const one of open)
    if (least === null || watermark(one.partition) < watermark(least.partition)) least = one;
  return least;
}
