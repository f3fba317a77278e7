import type { Environment } from '../../lmdb/environment.js';
import type { Offset, Position, TopicSpec } from '../event-log.js';
import type { Chunk, Partition } from './partition.js';

/** So many chunks are deleted in one transaction. */
const AT_ONCE = 64;

export interface RetentionContext {
  readonly clock: () => number;
  readonly partitionAt: (topic: string, partition: number) => Partition;
}

/** Deletes chunks that are past their topic's retention, but nothing that a recovery needs, nor the last one. */
export async function applyRetention(environment: Environment, context: RetentionContext): Promise<void> {
  for (const topic of topicsOf(environment)) {
    if (topic.retentionMs === null) continue;
    const before = context.clock() - topic.retentionMs;
    for (let partition = 0; partition < topic.partitions; partition++) {
      const source = context.partitionAt(topic.name, partition);
      const hold = heldFrom(environment, topic.name, partition);
      const due = expired(source, before, hold);
      for (let at = 0; at < due.length; at += AT_ONCE) {
        const work = (): void => {
          for (const chunk of due.slice(at, at + AT_ONCE)) source.remove(chunk);
        };
        await environment.write(work, { frees: true });
      }
    }
  }
}

function expired(source: Partition, before: number, hold: Offset): Chunk[] {
  const { end } = source.range();
  const due: Chunk[] = [];
  for (const chunk of source.chunks(0)) {
    if (chunk.appendedAt >= before || chunk.next > hold || chunk.next === end) break;
    due.push({ ...chunk, frames: Buffer.alloc(0) });
  }
  return due;
}

function topicsOf({ db }: Environment): TopicSpec[] {
  return [...db.getRange({ start: ['t', ''], end: ['t', '\uffff'] })].map(
    ({ value }) => JSON.parse((value as Buffer).toString()) as TopicSpec,
  );
}

/** The least offset that a group of the partition still needs. */
function heldFrom({ db }: Environment, topic: string, partition: number): Offset {
  let least = Number.POSITIVE_INFINITY;
  for (const { key, value } of db.getRange({ start: ['c', ''], end: ['c', '\uffff'] })) {
    const [, , ofTopic, ofPartition] = key as (string | number)[];
    if (ofTopic !== topic || ofPartition !== partition) continue;
    const { next, state, replayFrom } = JSON.parse((value as Buffer).toString()) as Position;
    least = Math.min(least, next, replayFrom, state ?? next);
  }
  return least;
}
