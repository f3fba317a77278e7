import type { Codec } from '../../platform/codec/codec.js';
import type { EventLog } from '../../platform/log/event-log.js';
import type { TargetState } from '../../schemas/types.js';
import { topics } from '../stage/stage.js';
import type { Say } from './poller.js';

export interface TargetLogOptions {
  readonly log: EventLog;
  readonly codec: Codec;
  /** The source's name. */
  readonly name: string;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  readonly say: Say;
}

/**
 * Tells the log how the targets are, beside the metrics and never in their way: what fails is said once and not
 * tried again, since the next poll tells it anew.
 */
export class TargetLog {
  #telling: Promise<void> | null = null;
  #failing = false;

  constructor(readonly options: TargetLogOptions) {}

  /** Does nothing while the poll before is still being told. */
  tell(targets: readonly TargetState[]): void {
    this.#telling ??= this.#append(targets).finally(() => {
      this.#telling = null;
    });
  }

  /** Resolves once nothing is under way. */
  async ended(): Promise<void> {
    await this.#telling;
  }

  async #append(targets: readonly TargetState[]): Promise<void> {
    const { log, codec, name: source, clock, say } = this.options;
    const value = codec.encode('TargetStates', { timestamp: clock(), source, targets });
    try {
      await log.append({
        topic: topics.targets,
        partition: 0,
        records: [{ key: Buffer.from(source, 'utf8'), value }],
      });
      if (this.#failing) say('info', 'how the targets are is told again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        say('warn', `telling how the targets are: ${error instanceof Error ? error.message : error}`);
      this.#failing = true;
    }
  }
}
