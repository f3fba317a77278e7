import type { Codec } from '../../platform/codec/codec.js';
import type { RuleSource } from './rule-source.js';
import type { Stage, StageFactory, Warn } from './stage.js';

export interface RunOptions {
  readonly factory: StageFactory;
  readonly codec: Codec;
  /** The rules to judge by from here on. */
  readonly rules: RuleSource;
  readonly warn: Warn;
  /** Monotonic, ms. */
  readonly clock: () => number;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Event time between two checkpoints, ms. */
  readonly checkpointEvery?: number;
  /** And at least so much by the clock, ms: what was read in a short time is read again in as short a time. */
  readonly checkpointApart?: number;
  /** How long a position without outputs may wait to be committed, ms. */
  readonly positionEvery?: number;
  /** Told of the stage that owns the partition, for metrics. */
  readonly onStage?: (partition: number, stage: Stage | null) => void;
}
