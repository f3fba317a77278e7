import type { Codec } from '../../platform/codec/codec.js';
import { loadPatiently, type Patience } from '../../platform/codec/load.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';

/** Where a source left off in one partition. */
export interface Tail {
  /** Its own last watermark there, ms; null where there is none. */
  readonly watermark: number | null;
  /** Time of the last sample of every series that was written lately, by key, ms. */
  readonly appended: ReadonlyMap<string, number>;
}

/** Where a source left off. */
export interface LeftOff {
  /** The source's own last watermark, the least over partitions; null where some has none. */
  readonly cursor: number | null;
  readonly appended: ReadonlyMap<string, number>;
}

export interface TailOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly topic: string;
  readonly source: string;
  /** How much before the last watermark it has to be known what was appended, ms; null: not at all. */
  readonly remembers: number | null;
  readonly patience: Patience;
}

/** How far back from the end to look first; widened until a watermark is found that is old enough. */
const FIRST_LOOK = 2_000;
/** A reader is asked again after so long, ms. */
const WAIT_MS = 500;

/** Where the source left off, over all partitions. */
export async function readCursor(options: TailOptions): Promise<LeftOff> {
  const appended = new Map<string, number>();
  let cursor: number | null = Number.POSITIVE_INFINITY;
  const partitions = await options.log.partitions(options.topic);
  for (let partition = 0; partition < partitions; partition++) {
    const tail = await readTail(options, partition);
    for (const [key, at] of tail.appended) appended.set(key, at);
    cursor = cursor === null || tail.watermark === null ? null : Math.min(cursor, tail.watermark);
  }
  return { cursor, appended };
}

/** Where the source left off in one partition. */
export async function readTail(options: TailOptions, partition: number): Promise<Tail> {
  const { log, topic, remembers } = options;
  const { start, end } = await log.range(topic, partition);
  for (let look = FIRST_LOOK; ; look *= 16) {
    const from = Math.max(start, end - look);
    const { first, last, appended } = await scan(options, { partition, from, end });
    const enough = last !== null && (remembers === null || (first ?? last) <= last - remembers);
    if (enough || from === start) return { watermark: last, appended };
  }
}

/** Whether the source wrote a watermark to the partition at the offset or behind it. */
export async function wroteSince(options: TailOptions, partition: number, from: Offset): Promise<boolean> {
  const { end } = await options.log.range(options.topic, partition);
  const { last } = await scan({ ...options, remembers: null }, { partition, from, end });
  return last !== null;
}

interface Scanned {
  /** Least and greatest own watermark, ms. */
  first: number | null;
  last: number | null;
  readonly appended: Map<string, number>;
}

async function scan(
  { log, codec, topic, source, remembers, patience }: TailOptions,
  { partition, from, end }: { partition: number; from: Offset; end: Offset },
): Promise<Scanned> {
  const found: Scanned = { first: null, last: null, appended: new Map() };
  const wanted = remembers === null ? ['Watermark'] : ['Watermark', 'MetricRecord'];
  const reader = log.read(topic, partition, from);
  // Somebody's open transaction may hide what is known to be there: it is waited for.
  while (reader.position < end && !patience.signal.aborted) {
    const batch = await reader.pull({ waitMs: WAIT_MS, signal: patience.signal });
    while (batch?.advance()) {
      const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
      if (value.length < 5 || value[0] !== 0) continue;
      const id = value.readUInt32BE(1);
      if (codec.typeOf(id) === undefined && codec.grows) await loadPatiently(codec, id, patience);
      if (!wanted.includes(codec.typeOf(id) ?? '')) continue;
      const decoded = codec.decode(value);
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
