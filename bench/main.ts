import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
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
for (const what of ['windows', 'alerts', 'digest'] as const) {
  if (log[what] !== fixed[what])
    throw new Error(`${what}: ${log[what]} over the log, ${fixed[what]} from the engine alone`);
}

const report: Report = {
  node: process.versions.node,
  cpus: cpus().length,
  records: log.cold.records,
  start,
  engine: { fixed, shuffled },
  log,
};
process.stdout.write(`${given.json ? JSON.stringify(report) : formatReport(report)}\n`);
