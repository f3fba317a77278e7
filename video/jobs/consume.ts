import type { Codec, Decoded } from '../../platform/codec/codec.js';
import { cutDeadLetter } from '../../platform/codec/dead-letter.js';
import { schemaIdOf } from '../../platform/codec/load.js';
import type { Batch } from '../../platform/log/batch.js';
import type { EventLog, Offset, Output, OwnedPartition } from '../../platform/log/event-log.js';
import type { RecordName } from '../../schemas/index.js';
import type { RecordTypes } from '../../schemas/types.js';
import { videoTopics } from './topics.js';

export interface ConsumeOptions<Name extends RecordName> {
  readonly log: EventLog;
  readonly codec: Codec;
  readonly group: string;
  readonly topic: string;
  readonly type: Name;
  /**
   * Handles one record, at least once: resolves to what is written together with the position. It rejects with
   * what says nothing about the record (what it needs is away), and is tried again until it resolves; `lost` is
   * aborted when the partition is another's. `letter` makes a dead letter of the record.
   */
  readonly handle: (
    record: RecordTypes[Name],
    lost: AbortSignal,
    letter: Letter,
  ) => Promise<readonly Output[]>;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
}

/** Puts a record aside, with its class and what is wrong with it. */
export type Letter = (reason: 'bad' | 'unprocessed', detail: string) => Output;

export interface Consumer {
  /** Whether the group counts on this consumer. */
  readonly member: boolean;
  /** Records that wait in the partitions that are owned here. */
  lag(): Promise<number>;
  /** Gives the partitions back; what is under way is aborted, and done again by the next owner. */
  stop(): Promise<void>;
}

/** By ownership: the same partition may come back while its last one still ends. */
type Positions = Map<OwnedPartition, Offset>;

interface Decided {
  readonly offset: Offset;
  readonly outputs: readonly Output[];
}

const WAIT_MS = 30_000;
const RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** Consumes a topic record by record; each is committed with what came of it. */
export async function consume<Name extends RecordName>(options: ConsumeOptions<Name>): Promise<Consumer> {
  const positions: Positions = new Map();
  const running = new Set<Promise<void>>();
  const { log, group, topic } = options;
  const membership = await log.join(group, topic, (owned) => {
    const run = own(owned, options, positions).finally(async () => {
      positions.delete(owned);
      await owned.close();
      running.delete(run);
    });
    running.add(run);
  });
  return {
    get member() {
      return membership.member;
    },
    lag: async () => {
      let waiting = 0;
      for (const [{ partition }, next] of positions)
        waiting += Math.max(0, (await log.range(topic, partition)).end - next);
      return waiting;
    },
    stop: async () => {
      await membership.leave();
      await Promise.all(running);
    },
  };
}

async function own<Name extends RecordName>(
  owned: OwnedPartition,
  options: ConsumeOptions<Name>,
  positions: Positions,
): Promise<void> {
  let retry = RETRY_MS;
  /** What came of a record that could not be written yet: handled again, it might come out otherwise. */
  let decided = null as Decided | null;
  while (!owned.lost.aborted) {
    try {
      const next = (await owned.committed())?.next ?? 0;
      owned.seek(next);
      positions.set(owned, next);
      for (;;) {
        const batch = await owned.pull({ waitMs: WAIT_MS, signal: owned.lost });
        if (owned.lost.aborted) return;
        if (batch === null) continue;
        while (batch.advance()) {
          const { offset } = batch;
          if (decided?.offset !== offset)
            decided = { offset, outputs: await outputsOf(batch, owned, options) };
          if (owned.lost.aborted) return;
          await owned.commit(decided.outputs, { next: offset + 1 });
          positions.set(owned, batch.offset + 1);
          retry = RETRY_MS;
        }
      }
    } catch (error) {
      if (owned.lost.aborted) return;
      const why = error instanceof Error ? error.message : error;
      options.warn(`${owned.topic}/${owned.partition}: ${why}; trying again in ${retry / 1000} s`);
      await options.pause(retry, owned.lost);
      retry = Math.min(LAST_RETRY_MS, retry * 2);
    }
  }
}

/** What a record gives; one that nobody can read becomes a dead letter. */
async function outputsOf<Name extends RecordName>(
  batch: Batch,
  owned: OwnedPartition,
  { codec, type, handle }: ConsumeOptions<Name>,
): Promise<readonly Output[]> {
  const value = Buffer.from(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
  const { topic, partition } = owned;
  const { offset, keyStart } = batch;
  const key = keyStart < 0 ? null : Buffer.from(batch.bytes.subarray(keyStart, batch.keyEnd));
  const letter: Letter = (reason, detail) => {
    const place = { topic, partition, offset, records: 1, windows: [] };
    const record = {
      key: Buffer.from(`${topic}-${partition}-${offset}`),
      value: codec.encode('DeadLetter', cutDeadLetter({ reason, detail, ...place, key, value })),
    };
    return { topic: videoTopics.deadLetter, partition: 0, records: [record] };
  };
  const id = schemaIdOf(value);
  if (id !== null) await codec.load(id);
  const decoded = decode(codec, value);
  if (typeof decoded === 'string') return [letter('bad', decoded)];
  if (decoded.type !== type) return [letter('bad', `a ${decoded.type} does not belong into this topic`)];
  return handle(decoded.value as RecordTypes[Name], owned.lost, letter);
}

function decode(codec: Codec, value: Uint8Array): Decoded | string {
  try {
    return codec.decode(value);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
