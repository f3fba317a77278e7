import type { Codec, Decoded } from '../../platform/codec/codec.js';
import { loadPatiently, type Patience, schemaIdOf } from '../../platform/codec/load.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';

/** Where a source left off. */
export interface LeftOff {
  /** The source's own last watermark, the least over partitions; null where some has none. */
  readonly cursor: number | null;
  /** Time of the last sample of every series that was written lately, by key, ms. */
  readonly appended: ReadonlyMap<string, number>;
}

export interface TailOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly topic: string;
  readonly source: string;
  /** How much before the cursor it has to be known what was appended, ms; null: not at all. */
  readonly remembers: number | null;
  readonly patience: Patience;
}

/** How far back from the end to look first; widened until a watermark is found that is old enough. */
const FIRST_LOOK = 2_000;
/** A reader is asked again after so long, ms. */
const WAIT_MS = 500;

/** Where the source left off, over all partitions. */
export async function readCursor(options: TailOptions): Promise<LeftOff> {
  const { log, topic, remembers } = options;
  const partitions = await log.partitions(topic);
  let cursor = Number.POSITIVE_INFINITY;
  for (let partition = 0; partition < partitions; partition++) {
    const { last } = await readTail(options, partition, null);
    if (last === null) return { cursor: null, appended: new Map() };
    cursor = Math.min(cursor, last);
  }
  const appended = new Map<string, number>();
  if (remembers === null) return { cursor, appended };
  for (let partition = 0; partition < partitions; partition++) {
    const tail = await readTail(options, partition, cursor - remembers);
    for (const [key, at] of tail.appended) appended.set(key, at);
  }
  return { cursor, appended };
}

/** Reads the end of a partition, from an own watermark at `since` or before it; null: from any. */
async function readTail(options: TailOptions, partition: number, since: number | null): Promise<Scanned> {
  const { start, end } = await options.log.range(options.topic, partition);
  for (let look = FIRST_LOOK; ; look *= 16) {
    const from = Math.max(start, end - look);
    const found = await scan(options, { partition, from, end, samples: since !== null });
    if (from === start || (found.first !== null && found.first <= (since ?? found.first))) return found;
  }
}

/** Whether the source wrote a watermark to the partition at the offset or behind it. */
export async function wroteSince(options: TailOptions, partition: number, from: Offset): Promise<boolean> {
  const { end } = await options.log.range(options.topic, partition);
  const { last } = await scan(options, { partition, from, end, samples: false });
  return last !== null;
}

interface Scanned {
  /** Least and greatest own watermark, ms. */
  first: number | null;
  last: number | null;
  readonly appended: Map<string, number>;
}

async function scan(
  { log, codec, topic, source, patience }: TailOptions,
  { partition, from, end, samples }: { partition: number; from: Offset; end: Offset; samples: boolean },
): Promise<Scanned> {
  const found: Scanned = { first: null, last: null, appended: new Map() };
  const wanted = samples ? ['Watermark', 'MetricRecord'] : ['Watermark'];
  const reader = log.read(topic, partition, from);
  // Somebody's open transaction may hide what is known to be there: it is waited for.
  while (reader.position < end && !patience.signal.aborted) {
    const batch = await reader.pull({ waitMs: WAIT_MS, signal: patience.signal });
    while (batch?.advance()) {
      const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
      const id = schemaIdOf(value);
      if (id === null) continue;
      if (codec.typeOf(id) === undefined && codec.grows) await loadPatiently(codec, id, patience);
      if (!wanted.includes(codec.typeOf(id) ?? '')) continue;
      const decoded = decodeOr(codec, value);
      if (decoded === null) continue;
      if (decoded.type === 'MetricRecord') {
        const key = batch.bytes.toString('utf8', batch.keyStart, batch.keyEnd);
        const { timestamp } = decoded.value;
        found.appended.set(key, Math.max(timestamp, found.appended.get(key) ?? timestamp));
      } else if (decoded.type === 'Watermark' && decoded.value.source === source) {
        const { timestamp } = decoded.value;
        found.first = Math.min(found.first ?? timestamp, timestamp);
        found.last = Math.max(found.last ?? timestamp, timestamp);
      }
    }
  }
  await reader.close();
  return found;
}

/** Null where it is damaged: the stage that reads it says so. */
function decodeOr(codec: Codec, value: Uint8Array): Decoded | null {
  try {
    return codec.decode(value);
  } catch {
    return null;
  }
}
