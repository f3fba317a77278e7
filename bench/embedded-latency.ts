import { Registry } from 'prom-client';
import { pause } from '../cli/pause.js';
import { runPipeline } from '../cli/pipeline.js';
import { topicSpecs } from '../cli/topics.js';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { Feed, FLAPPING_RULES } from './feed.js';
import { type LatencyResult, measureLatency } from './latency.js';
import { PARTITIONS } from './workload.js';

const RETENTION_MS = 86_400_000;

/** Source, stages and reader in one process, as `tidemark up` runs them. */
export async function embeddedLatency({ path }: { readonly path: string }): Promise<LatencyResult> {
  const environment = openEnvironment({ path, mode: 'write' });
  const log = lmdbLog(environment);
  const codec = embeddedCodec();
  await log.createTopics(topicSpecs(RETENTION_MS));
  const stop = (error: unknown): never => {
    throw error;
  };
  const pipeline = await runPipeline({
    ...{ log, codec, targets: PARTITIONS, checkpointEvery: 5 * 60_000, onFatal: stop },
    rules: unchanging(recompile('sla.yaml', FLAPPING_RULES)),
    registry: new Registry(),
    pause,
    warn: (message) => stop(new Error(message)),
  });
  const result = await measureLatency(new Feed(log, codec), codec);
  await pipeline.stop();
  await log.close();
  await environment.close();
  return result;
}
