import { measureCluster } from './cluster.js';
import { embeddedLatency } from './embedded-latency.js';
import { runEngineAlone } from './engine-alone.js';
import { statusBytes } from './memory.js';
import { fillLog, runOverLog } from './over-log.js';
import type { Phases } from './phase.js';

const runs: {
  readonly [N in keyof Phases]: (options: Phases[N]['options']) => Promise<Phases[N]['result']>;
} = {
  engine: (options) => Promise.resolve(runEngineAlone(options)),
  fill: (options) => fillLog(options).then(() => null),
  log: (options) => runOverLog(options, () => statusBytes('self', 'RssAnon')),
  latency: embeddedLatency,
  cluster: measureCluster,
};

const [, , name = '', options = ''] = process.argv;
const run = runs[name as keyof Phases] as (options: unknown) => Promise<unknown>;
process.stdout.write(JSON.stringify(await run(JSON.parse(options))));
