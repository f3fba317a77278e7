import { boundHeap } from '../cli/heap.js';
import { apart } from './apart.js';
import { runAvscAlone } from './avsc-alone.js';
import { measureCluster } from './cluster.js';
import { embeddedLatency, embeddedVisible } from './embedded-latency.js';
import { runEngineAlone } from './engine-alone.js';
import { type OpenLog, openEmbedded, openKafka } from './logs.js';
import { fillLog, runOverLog } from './over-log.js';
import type { OnCluster, Phases } from './phase.js';
import { profiled } from './profile.js';

const runs: {
  readonly [N in keyof Phases]: (options: Phases[N]['options']) => Promise<Phases[N]['result']>;
} = {
  avsc: runAvscAlone,
  engine: runEngineAlone,
  fill: (options) => fillLog(openEmbedded(options.path), options).then(() => null),
  log: (options) => runOverLog(openEmbedded(options.path), options),
  latency: embeddedLatency,
  visible: embeddedVisible,
  cluster: measureCluster,
  clusterFill: async (options) => fillLog(await openBacklog(options), options).then(() => null),
  clusterLog: async (options) => runOverLog(await openBacklog(options), options),
};

async function openBacklog(options: OnCluster): Promise<OpenLog> {
  const open = await openKafka(options);
  return { ...open, log: apart(open.log, options.prefix) };
}

boundHeap();
const [, , name = '', options = '', profile] = process.argv;
const run = runs[name as keyof Phases] as (options: unknown) => Promise<unknown>;
const work = (): Promise<unknown> => run(JSON.parse(options));
const result = await (profile === undefined ? work() : profiled(profile, work));
process.stdout.write(JSON.stringify(result));
