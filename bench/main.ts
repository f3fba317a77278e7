import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { ClusterOptions } from './logs.js';
import type { Outcome } from './outputs.js';
import { runPhase } from './phase.js';
import { formatReport, type Report } from './report.js';
import { measureStart } from './start.js';
import { withFolder } from './temporary.js';
import type { WorkloadOptions } from './workload.js';

const { values: given } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    records: { type: 'string', default: '2000000' },
  },
});
const records = Number(given.records);
if (!Number.isSafeInteger(records) || records < 200_000) {
  process.stderr.write('--records must be a whole number from 200000 on\n');
  process.exit(2);
}

if (process.env.KAFKA_BROKERS && !process.env.SCHEMA_REGISTRY_URL) {
  process.stderr.write('SCHEMA_REGISTRY_URL is missing: over Kafka the pipelines need a registry\n');
  process.exit(2);
}

const say = (what: string): void => void process.stderr.write(`${what} ...\n`);
const workload = (order: WorkloadOptions['order']): WorkloadOptions => ({ seed: 1, order, records });

say('starting');
const start = await measureStart();
say('engine alone');
const fixed = await runPhase('engine', workload('fixed'));
const shuffled = await runPhase('engine', workload('shuffled'));
say('engine over the embedded log');
const log = await withFolder(async (path) => {
  const options = { ...workload('fixed'), path };
  await runPhase('fill', options);
  return runPhase('log', options);
});
checkSame('over the embedded log', log, fixed);

say('from a watermark to an alert');
const latency = await withFolder((path) => runPhase('latency', { path }));
const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
if (brokers) say('over Kafka');
const cluster = brokers && registry ? await measureKafka({ brokers, registry }) : null;

async function measureKafka(options: ClusterOptions): Promise<NonNullable<Report['cluster']>> {
  const result = await runPhase('cluster', options);
  say('engine over Kafka');
  await runPhase('clusterFill', { ...workload('fixed'), ...options });
  const backlog = await runPhase('clusterLog', { ...workload('fixed'), ...options });
  checkSame('over Kafka', backlog, fixed);
  return { ...result, backlog };
}

function checkSame(where: string, one: Outcome, engine: Outcome): void {
  for (const what of ['windows', 'alerts', 'digest'] as const) {
    if (one[what] !== engine[what])
      throw new Error(`${what}: ${one[what]} ${where}, ${engine[what]} from the engine alone`);
  }
}

const report: Report = {
  node: process.versions.node,
  cpus: cpus().length,
  records: log.cold.records,
  start,
  engine: { fixed, shuffled },
  log,
  latency,
  cluster,
};
process.stdout.write(`${given.json ? JSON.stringify(report) : formatReport(report)}\n`);
