import type { Decoded } from '../../platform/codec/codec.js';
import { cutDeadLetter } from '../../platform/codec/dead-letter.js';
import type { Batch } from '../../platform/log/batch.js';
import type { RuleSet } from '../model/rule.js';

/** A record that a stage gives out, not yet encoded. */
export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly record: Decoded;
}

/** What a stage says about a partition that is no output: a gap in a chain, for one. */
export type Warn = (message: string) => void;

/** A stage at work on one input partition: synchronous, and a function of the log and the rules alone. */
export interface Stage {
  readonly rules: RuleSet;
  /** Event time that it has reached, ms; -Infinity before the first watermark. */
  readonly watermark: number;
  /** Pushes a batch through the operators; returns what came out. */
  push(batch: Batch): readonly Produced[];
  /** Takes up other rules between two batches; returns what that ends. */
  takeUp(rules: RuleSet): readonly Produced[];
  /** The whole state, bit-exact. */
  save(): Buffer;
}

/** Makes the stage of a partition, anew or from a state. `restore` throws where the state cannot be read. */
export interface StageFactory<S extends Stage = Stage> {
  /** aggregate or evaluate: also the name of the consumer group. */
  readonly name: string;
  readonly topic: string;
  create(partition: number, rules: RuleSet): S;
  restore(partition: number, state: Uint8Array): S;
}

/** Names of the topics. */
export const topics = {
  metrics: 'metrics',
  partials: 'partials',
  windows: 'windows',
  alerts: 'alerts',
  rules: 'rules',
  targets: 'targets',
  deadLetter: 'dead-letter',
} as const;

/** Compiles a rule file that was valid before; throws where it no longer is. */
export type CompileRules = (file: string, text: string) => RuleSet;

/** All dead letters share one partition. */
export const deadLetter = (value: Extract<Decoded, { type: 'DeadLetter' }>['value']): Produced => ({
  topic: topics.deadLetter,
  partition: 0,
  key: `${value.topic}-${value.partition}-${value.offset}`,
  record: { type: 'DeadLetter', value: cutDeadLetter(value) },
});
