import type { Offset, OwnedPartition, Position } from '../../platform/log/event-log.js';
import { KNOWN_WAIT_MS, readCheckpoint } from './checkpoint.js';
import type { RunOptions } from './options.js';
import { loadSchemas } from './schemas.js';
import type { Stage } from './stage.js';
import { until } from './until.js';

export interface Recovered {
  readonly stage: Stage;
  /** Where to go on. */
  readonly next: Offset;
  /** Whether a checkpoint has to be written at once. */
  readonly fresh: boolean;
}

/**
 * The stage as it was at the committed position: from the newest checkpoint, and a replay whose outputs
 * are muted, for they are in the log already. Without a readable checkpoint the retained log is replayed.
 */
export async function recover(owned: OwnedPartition, options: RunOptions): Promise<Recovered> {
  const position = await owned.committed();
  if (position === null) {
    owned.seek(0);
    return { stage: options.factory.create(owned.partition, options.rules.current), next: 0, fresh: true };
  }
  const restored = await restore(owned, options, position);
  const stage = restored ?? options.factory.create(owned.partition, options.rules.current);
  await replay(owned, options, { stage, from: restored ? position.replayFrom : 0, to: position.next });
  return { stage, next: position.next, fresh: restored === null };
}

async function restore(
  owned: OwnedPartition,
  options: RunOptions,
  position: Position,
): Promise<Stage | null> {
  try {
    if (position.state === null) throw new Error('the commit names no checkpoint');
    const bytes = await readCheckpoint(owned, options, position.state);
    return options.factory.restore(owned.partition, bytes);
  } catch (error) {
    if (owned.lost.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    options.warn(
      `${owned.topic}/${owned.partition}: the ${options.factory.name} state is unreadable (${why}); ` +
        'replaying the retained log, results may differ from what they would have been',
    );
    return null;
  }
}

interface Replay {
  readonly stage: Stage;
  readonly from: Offset;
  readonly to: Offset;
}

async function replay(
  owned: OwnedPartition,
  options: RunOptions,
  { stage, from, to }: Replay,
): Promise<void> {
  owned.seek(from);
  for (let at = from; at < to; ) {
    const batch = await owned.pull({ waitMs: KNOWN_WAIT_MS, signal: owned.lost });
    if (batch === null) {
      if (owned.position < to && !owned.lost.aborted) warnOfHole(owned, options, to);
      break;
    }
    await loadSchemas(batch, owned, options);
    stage.push(until(batch, to));
    at = batch.next;
  }
  owned.seek(to);
}

/** Deleted before it was needed, or hidden for longer than anything should be. */
function warnOfHole(owned: OwnedPartition, options: RunOptions, to: Offset): void {
  options.warn(
    `${owned.topic}/${owned.partition}: the log gives nothing from offset ${owned.position} on, and the ` +
      `${options.factory.name} state is to be that at offset ${to}; results may differ from what they would have been`,
  );
}
