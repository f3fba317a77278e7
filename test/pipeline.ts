import { Registry } from 'prom-client';
import { expect } from 'vitest';
import { pause } from '../cli/pause.js';
import { type RunningPipeline, runPipeline } from '../cli/pipeline.js';
import type { RuleSet } from '../pipeline/model/rule.js';
import { type RuleSource, unchanging } from '../pipeline/stage/rule-source.js';
import type { Codec } from '../platform/codec/codec.js';
import type { EventLog } from '../platform/log/event-log.js';
import { PARTITIONS } from './metrics-log.js';

/** A pipeline in this process that never warns, with a registry of its own. */
export async function startPipeline(
  log: EventLog,
  codec: Codec,
  rules: RuleSet | RuleSource,
): Promise<RunningPipeline & { readonly metrics: () => Promise<string> }> {
  const registry = new Registry();
  const running = await runPipeline({
    ...{
      log,
      codec,
      rules: 'current' in rules ? rules : unchanging(rules),
      registry,
      pause,
      targets: PARTITIONS,
      checkpointEvery: 60_000,
      checkpointApart: 0,
    },
    warn: (text) => expect.unreachable(text),
    onFatal: (error) => expect.unreachable(String(error)),
  });
  return {
    get member() {
      return running.member;
    },
    stop: () => running.stop(),
    metrics: () => registry.metrics(),
  };
}
