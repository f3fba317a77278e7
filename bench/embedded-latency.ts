import { Registry } from 'prom-client';
import { readPage } from '../cli/page.js';
import { pause } from '../cli/pause.js';
import { runPipeline } from '../cli/pipeline.js';
import { topicSpecs } from '../cli/topics.js';
import { recompile } from '../pipeline/sla/compile.js';
import { unchanging } from '../pipeline/stage/rule-source.js';
import { createView } from '../pipeline/view/view.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { serve } from '../platform/http/serve.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { lmdbStore } from '../platform/store/lmdb/store.js';
import { Feed, FLAPPING_RULES } from './feed.js';
import { type LatencyResult, measureLatency } from './latency.js';
import { measureVisible, type VisibleResult } from './visible.js';
import { watch } from './watchers.js';
import { PARTITIONS } from './workload.js';

const RETENTION_MS = 86_400_000;

interface InFolder {
  readonly path: string;
}

const stop = (error: unknown): never => {
  throw error;
};
const warn = (message: string): never => stop(new Error(message));

/** Stages over a log of their own, as `tidemark up` runs them, in the process of whoever measures. */
async function withPipeline<T>({ path }: InFolder, measure: (one: Embedded) => Promise<T>): Promise<T> {
  const environment = openEnvironment({ path, mode: 'write' });
  const log = lmdbLog(environment);
  const codec = embeddedCodec();
  await log.createTopics(topicSpecs(RETENTION_MS));
  const pipeline = await runPipeline({
    ...{ log, codec, targets: PARTITIONS, checkpointEvery: 5 * 60_000, onFatal: stop },
    rules: unchanging(recompile('sla.yaml', FLAPPING_RULES)),
    registry: new Registry(),
    ...{ pause, warn },
  });
  const result = await measure({ log, codec, store: lmdbStore(environment) });
  await pipeline.stop();
  await log.close();
  await environment.close();
  return result;
}

interface Embedded {
  readonly log: ReturnType<typeof lmdbLog>;
  readonly codec: ReturnType<typeof embeddedCodec>;
  readonly store: ReturnType<typeof lmdbStore>;
}

/** Until a reader of the log has the alerts. */
export const embeddedLatency = (folder: InFolder): Promise<LatencyResult> =>
  withPipeline(folder, ({ log, codec }) => measureLatency(new Feed(log, codec), codec));

/** Until the page of a view in the same process shows them. */
export const embeddedVisible = (folder: InFolder): Promise<VisibleResult> =>
  withPipeline(folder, async ({ log, codec, store }) => {
    const view = createView({
      ...{ log, codec, store, pause, warn, retention: RETENTION_MS, page: readPage(), onFatal: stop },
      access: { kind: 'loopback' },
      clock: Date.now,
      monotonic: () => performance.now(),
    });
    await view.start();
    const { url, close } = await serve({ fetch: view.app.fetch as never, host: '127.0.0.1', port: 0 });
    const measured = async (): Promise<VisibleResult> => {
      await using watcher = await watch(url);
      return await measureVisible(new Feed(log, codec), codec, watcher);
    };
    const result = await measured();
    await view.close();
    await close(0);
    return result;
  });
