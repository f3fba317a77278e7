import { mkdtempSync, readFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Args, ArgsError, type Group, HELP, readArgs } from './args.js';
import {
  CompareError,
  checkMachine,
  compare,
  formatComparison,
  losses,
  type Machine,
  type Result,
  readResult,
} from './compare.js';
import type { ClusterOptions } from './logs.js';
import { measure } from './measure.js';
import { formatReport, type Report } from './report.js';

const overKafka: readonly Group[] = ['kafka', 'peers'];
const write = (text: string): void => void process.stderr.write(`${text}\n`);

try {
  process.exitCode = await run(readArgs(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof ArgsError || error instanceof CompareError)) throw error;
  write(error.message);
  process.exitCode = 2;
}

async function run(args: Args): Promise<number> {
  if (args.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const machine: Machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    node: process.versions.node,
  };
  // Before anything is measured: a file that does not fit is told at once.
  const stored = args.compare === null ? null : storedResult(args.compare, machine);
  const { records, only, named } = args;
  const cluster = clusterOf(process.env);
  const needing = only.find((name) => named && overKafka.includes(name));
  if (needing && cluster === null)
    throw new ArgsError(`--only ${needing} needs a broker: name it with KAFKA_BROKERS, and its registry`);
  const folder = args.profile ? mkdtempSync(join(tmpdir(), 'tidemark-profiles-')) : null;
  const measured = await measure({
    ...{ records, only, cluster },
    profileOf: (name) => folder && join(folder, `${name.replace(/[^a-z0-9]+/gi, '-')}.cpuprofile`),
    say: (what) => write(`${what} ...`),
  });
  const report: Report = { machine, records, ...measured };
  process.stdout.write(`${args.json ? JSON.stringify(report) : formatReport(report)}\n`);
  if (folder !== null) write(`CPU profiles: ${folder}`);
  if (stored === null) return 0;
  const ratios = compare(report, stored);
  write(`\n${formatComparison(ratios)}`);
  return losses(ratios).length > 0 ? 1 : 0;
}

function storedResult(file: string, machine: Machine): Result {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CompareError(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  const stored = readResult(text, file);
  checkMachine(machine, stored, file);
  return stored;
}

/** Null where no broker is named. */
function clusterOf({
  KAFKA_BROKERS: brokers,
  SCHEMA_REGISTRY_URL: registry,
}: NodeJS.ProcessEnv): ClusterOptions | null {
  if (!brokers) return null;
  if (!registry)
    throw new ArgsError('SCHEMA_REGISTRY_URL is missing: over Kafka the pipelines need a registry');
  return { brokers, registry };
}
