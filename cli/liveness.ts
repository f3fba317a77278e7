import type { Batch } from '../platform/log/batch.js';
import type {
  Commit,
  EventLog,
  Offset,
  Output,
  OwnedPartition,
  Position,
  PullOptions,
} from '../platform/log/event-log.js';
import { pause } from './pause.js';

/** Longer than any call of the log takes to fail, also where a broker that is gone says nothing, ms. */
const LONGEST_MS = 600_000;

interface Loop {
  readonly name: string;
  beatAt: number;
}

/**
 * Whether the loops of this process turn. A loop beats whenever what it waited for has answered, be it with an
 * error: one that waits for a broker asks again and again, and beats; one whose answer never comes does not,
 * and only a restart helps it.
 */
export class Liveness {
  readonly #loops = new Set<Loop>();

  /** `clock` is monotonic, ms. */
  constructor(
    readonly clock: () => number,
    readonly longestMs = LONGEST_MS,
  ) {}

  /** A loop that turns until the signal is aborted; what is returned is its beat. */
  watch(name: string, until: AbortSignal): () => void {
    const loop: Loop = { name, beatAt: this.clock() };
    this.#loops.add(loop);
    const end = (): void => void this.#loops.delete(loop);
    if (until.aborted) end();
    else until.addEventListener('abort', end, { once: true });
    return () => {
      loop.beatAt = this.clock();
    };
  }

  /** A beat of them all: what any of them may be waiting for goes on. */
  beat(): void {
    for (const loop of this.#loops) loop.beatAt = this.clock();
  }

  /** Those that have not beaten for too long. */
  get stuck(): readonly string[] {
    const since = this.clock() - this.longestMs;
    return [...this.#loops].filter(({ beatAt }) => beatAt < since).map(({ name }) => name);
  }

  /** Pauses as ever; whoever is about to try again is alive. */
  readonly pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    for (let left = ms; left > 0 && !signal.aborted; left -= this.longestMs / 2) {
      this.beat();
      await pause(Math.min(left, this.longestMs / 2), signal);
    }
    this.beat();
  };

  /** The log, where whoever owns a partition is watched for as long as it does, and whoever writes is alive. */
  watched(log: EventLog): EventLog {
    return {
      ...log,
      writer: async (...at) => {
        const writer = await log.writer(...at);
        return {
          append: (records) => writer.append(records).finally(() => this.beat()),
          close: () => writer.close(),
        };
      },
      join: (group, topic, onAssigned) =>
        log.join(group, topic, (owned) => {
          const beat = this.watch(`${group} of ${topic}/${owned.partition}`, owned.lost);
          onAssigned(new WatchedPartition(owned, beat));
        }),
    };
  }
}

class WatchedPartition implements OwnedPartition {
  constructor(
    readonly owned: OwnedPartition,
    readonly beat: () => void,
  ) {}

  get topic(): string {
    return this.owned.topic;
  }

  get partition(): number {
    return this.owned.partition;
  }

  get lost(): AbortSignal {
    return this.owned.lost;
  }

  get position(): Offset {
    return this.owned.position;
  }

  seek(offset: Offset): void {
    this.owned.seek(offset);
  }

  committed(): Promise<Position | null> {
    return this.owned.committed().finally(this.beat);
  }

  pull(options: PullOptions): Promise<Batch | null> {
    return this.owned.pull(options).finally(this.beat);
  }

  commit(outputs: readonly Output[], commit: Commit): Promise<Position> {
    return this.owned.commit(outputs, commit).finally(this.beat);
  }

  close(): Promise<void> {
    return this.owned.close();
  }
}
