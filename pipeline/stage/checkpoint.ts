import { createHash } from 'node:crypto';
import type { Codec } from '../../platform/codec/codec.js';
import type { LogRecord, Offset, OwnedPartition } from '../../platform/log/event-log.js';
import type { StageState } from '../../schemas/types.js';
import type { RunOptions } from './options.js';
import { loadSchemas } from './schemas.js';

/** A part of a checkpoint holds at most so much, bytes. */
const PART_BYTES = 480_000;
/**
 * How long to wait for records that are known to be there, ms: a dead writer's open transaction hides what
 * stands behind it, until the broker ends it (its timeout, and the broker's next look).
 */
export const KNOWN_WAIT_MS = 40_000;

/** A state as records for the stage's own input partition. */
export function checkpointRecords(codec: Codec, id: string, state: Buffer): readonly LogRecord[] {
  const records: LogRecord[] = [];
  const parts = Math.max(1, Math.ceil(state.length / PART_BYTES));
  for (let part = 0; part < parts; part++) {
    const last = part === parts - 1;
    const value: StageState = {
      id,
      part,
      last,
      digest: last ? createHash('sha256').update(state).digest('hex') : '',
      payload: state.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
    };
    records.push({ key: Buffer.from(id), value: codec.encode('StageState', value) });
  }
  return records;
}

/** A checkpoint that is missing or torn. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/**
 * Reads back the checkpoint whose part 0 stands exactly at the offset; others' records may lie between
 * its parts. Throws `CheckpointError` where it is missing, torn, or its digest does not agree.
 */
export async function readCheckpoint(
  owned: OwnedPartition,
  options: RunOptions,
  at: Offset,
): Promise<Buffer> {
  owned.seek(at);
  const parts: Uint8Array[] = [];
  let id: string | null = null;
  for (;;) {
    const batch = await owned.pull({ waitMs: KNOWN_WAIT_MS, signal: owned.lost });
    if (batch === null && owned.lost.aborted) throw new CheckpointError('the partition is lost');
    if (batch === null)
      throw new CheckpointError(`checkpoint at offset ${at} ends after ${parts.length} parts`);
    await loadSchemas(batch, owned, options);
    while (batch.advance()) {
      const state = stateIn(options.codec, batch.bytes.subarray(batch.valueStart, batch.valueEnd));
      if (id === null) {
        if (batch.offset !== at || state?.part !== 0)
          throw new CheckpointError(`no checkpoint begins at offset ${at}`);
        id = state.id;
      }
      if (state === null || state.id !== id || state.part !== parts.length) continue;
      parts.push(Buffer.from(state.payload));
      if (state.last) return whole(parts, state.digest, at);
    }
  }
}

function stateIn(codec: Codec, value: Uint8Array): StageState | null {
  try {
    const decoded = codec.decode(value);
    return decoded.type === 'StageState' ? decoded.value : null;
  } catch {
    // Any other record, also one that nobody can read, may lie between the parts.
    return null;
  }
}

function whole(parts: readonly Uint8Array[], digest: string, at: Offset): Buffer {
  const state = Buffer.concat(parts);
  if (createHash('sha256').update(state).digest('hex') !== digest) {
    throw new CheckpointError(`checkpoint at offset ${at} does not agree with its digest`);
  }
  return state;
}
