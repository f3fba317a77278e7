import { apart } from './apart.js';
import { measureCluster } from './cluster.js';
import { embeddedLatency } from './embedded-latency.js';
import { runEngineAlone } from './engine-alone.js';
import { type ClusterOptions, type OpenLog, openEmbedded, openKafka } from './logs.js';
import { fillLog, runOverLog } from './over-log.js';
import type { Phases } from './phase.js';

const runs: {
  readonly [N in keyof Phases]: (options: Phases[N]['options']) => Promise<Phases[N]['result']>;
} = {
  engine: (options) => Promise.resolve(runEngineAlone(options)),
  fill: (options) => fillLog(openEmbedded(options.path), options).then(() => null),
  log: (options) => runOverLog(openEmbedded(options.path), options),
  latency: embeddedLatency,
  cluster: measureCluster,
  clusterFill: async (options) => fillLog(await openBacklog(options), options).then(() => null),
  clusterLog: async (options) => runOverLog(await openBacklog(options), options),
};

async function openBacklog(options: ClusterOptions): Promise<OpenLog> {
  const open = await openKafka(options);
  return { ...open, log: apart(open.log) };
}

const [, , name = '', options = ''] = process.argv;
const run = runs[name as keyof Phases] as (options: unknown) => Promise<unknown>;
process.stdout.write(JSON.stringify(await run(JSON.parse(options))));
