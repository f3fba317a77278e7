import type { Patience } from '../../platform/codec/load.js';
import type { EventLog, Offset } from '../../platform/log/event-log.js';
import type { AlertRecord } from '../../schemas/types.js';
import type { AlertStore } from '../follow/alert-store.js';
import { patiently } from '../follow/scan.js';
import type { SharedTopic } from '../follow/shared-topic.js';

export interface FiringOptions {
  readonly log: EventLog;
  readonly topic: SharedTopic;
  /** What the view keeps of alerts that fire for longer than the topic goes back. */
  readonly kept: AlertStore;
  readonly patience: Patience;
}

export type Range = Awaited<ReturnType<EventLog['range']>>;

/** What each partition of a topic holds. */
export async function rangesOf(log: EventLog, topic: string): Promise<readonly Range[]> {
  const partitions = await log.partitions(topic);
  return Promise.all(Array.from({ length: partitions }, (_, partition) => log.range(topic, partition)));
}

export const isWithin = (next: Offset | null, { start, end }: Range): boolean =>
  next !== null && start <= next && next <= end;

export interface FiringNow {
  readonly records: readonly AlertRecord[];
  /** By partition: all before this offset is in there. */
  readonly next: readonly Offset[];
}

/** The alerts that fire, from what the view keeps and the log; null where the signal is aborted before. */
export async function firingNow({ log, topic, kept, patience }: FiringOptions): Promise<FiringNow | null> {
  const ranges = await patiently(patience, () => rangesOf(log, topic.options.topic));
  if (ranges === null) return null;
  const begun = await patiently(patience, async () => {
    const next = await Promise.all(ranges.map((_, partition) => kept.next(partition)));
    // Of another log, or with a gap before what the topic holds, it says nothing certain.
    const usable = ranges.every((range, partition) => isWithin(next[partition] ?? null, range));
    // Read after the offsets, it may be newer: what it has of them already comes out alike.
    return { next, active: usable ? await kept.active() : null };
  });
  if (begun === null) return null;
  const active = new Map(begun.active?.map((record) => [record.fingerprint, record]));
  const next: Offset[] = [];
  for (const [partition, { start, end }] of ranges.entries()) {
    let at = (begun.active && begun.next[partition]) ?? start;
    if (at < end)
      for await (const page of topic.follow(partition, at, patience.signal)) {
        for (const { decoded } of page.entries)
          if (decoded.type === 'AlertRecord') active.set(decoded.value.fingerprint, decoded.value);
        const hidden = page.next === at;
        at = Math.max(at, page.next);
        if (hidden || at >= end) break;
      }
    next.push(at);
  }
  if (patience.signal.aborted) return null;
  return { records: [...active.values()].filter(({ state }) => state === 'firing'), next };
}
