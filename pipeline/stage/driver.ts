import { FrameBatch } from '../../platform/log/batch.js';
import type { LogRecord } from '../../platform/log/event-log.js';
import type { RuleSet } from '../model/rule.js';
import type { Produced, Stage, StageFactory } from './stage.js';

export interface StageDriverOptions<S extends Stage> {
  readonly factory: StageFactory<S>;
  readonly partition: number;
  readonly rules: RuleSet;
  /** Event time between two checkpoints, ms; null makes none and keeps no records, so that nothing can be restarted. */
  readonly checkpointEvery: number | null;
}

/** A stage over records that are handed to it, in place of a log: as `runPartition`, but at once, and in memory. */
export class StageDriver<S extends Stage = Stage> {
  readonly #options: StageDriverOptions<S>;
  readonly #waiting = new FrameBatch();
  #stage: S;
  #end = 0;
  #pushed = 0;
  #checkpoint: Buffer | null = null;
  #checkpointAt: number;
  /** Records since the checkpoint; those that wait are its last ones. */
  #records: LogRecord[] = [];

  constructor(options: StageDriverOptions<S>) {
    this.#options = options;
    this.#stage = options.factory.create(options.partition, options.rules);
    this.#checkpointAt = this.#stage.watermark;
    if (options.checkpointEvery !== null) this.checkpoint();
  }

  get stage(): S {
    return this.#stage;
  }

  /** Records that wait to be pushed. */
  get waiting(): number {
    return this.#end - this.#pushed;
  }

  append(record: LogRecord): void {
    this.#waiting.push(record, this.#end++, 0);
    if (this.#options.checkpointEvery !== null) this.#records.push(record);
  }

  /** Pushes what waits, as one batch. */
  run(): readonly Produced[] {
    if (this.waiting === 0) return [];
    this.#waiting.rewind();
    const produced = this.#stage.push(this.#waiting);
    this.#waiting.clear();
    this.#pushed = this.#end;
    const { checkpointEvery } = this.#options;
    if (checkpointEvery !== null && this.#stage.watermark - this.#checkpointAt >= checkpointEvery)
      this.checkpoint();
    return produced;
  }

  /** Takes up other rules behind all that was pushed, with a checkpoint. */
  takeUp(rules: RuleSet): readonly Produced[] {
    const produced = this.#stage.takeUp(rules);
    if (this.#checkpoint !== null) this.checkpoint();
    return produced;
  }

  checkpoint(): void {
    this.#checkpoint = this.#stage.save();
    this.#checkpointAt = this.#stage.watermark;
    this.#records = this.#records.slice(this.#records.length - this.waiting);
  }

  /** Loses the stage, and begins again: the last checkpoint, and a replay of what was pushed since, muted. */
  crash(): void {
    const { factory, partition } = this.#options;
    if (this.#checkpoint === null)
      throw new Error('no checkpoint was made: there is nothing to begin again from');
    this.#stage = factory.restore(partition, this.#checkpoint);
    const replay = new FrameBatch(1024);
    const first = this.#end - this.#records.length;
    const pushed = this.#records.slice(0, this.#records.length - this.waiting);
    for (const [i, record] of pushed.entries()) replay.push(record, first + i, 0);
    if (replay.count > 0) this.#stage.push(replay);
  }
}
