import { parseArgs } from 'node:util';

/** What can be measured by itself. */
export const groups = {
  start: 'tidemark up: how long it takes to answer, and its memory',
  engine: 'the engine alone, series in the same order and shuffled',
  quantiles: 'the engine alone, with a rule on a quantile',
  cardinality: 'the engine alone, with 1,000, 100,000 and 1,000,000 series: throughput and memory',
  rules: 'the engine alone, by number of rules that share a selection, and by number of selections',
  log: 'the engine over the embedded log',
  latency: 'from a watermark to an alert, over the embedded log',
  visible: 'from a watermark to an alert in the page, in the Chromium of this machine if it has one',
  gateway: 'the gateway beside http-proxy and bare undici: CPU time of a request, and of uploads',
  kafka: 'engine and latency over Kafka, and take-over, where KAFKA_BROKERS and SCHEMA_REGISTRY_URL name one',
  peers: 'Flink and Kafka Streams at the same job over the same Kafka, with Maven and a JDK; only if named',
} as const;
export type Group = keyof typeof groups;
/** What needs more than this package, and some minutes. */
const onRequest: readonly Group[] = ['peers'];

export interface Args {
  readonly json: boolean;
  readonly profile: boolean;
  /** File of a result to compare with. */
  readonly compare: string | null;
  readonly only: readonly Group[];
  /** Whether `only` was given, and not all is measured that can be. */
  readonly named: boolean;
  readonly records: number;
  readonly help: boolean;
}

/** What is wrong with the arguments, and the way out. */
export class ArgsError extends Error {
  override readonly name = 'ArgsError';
}

const names = Object.keys(groups) as readonly Group[];
const FEWEST = 200_000;

export const HELP = `Usage: npm run bench -- [options]

Measures Tidemark on this machine; docs/benchmarks.md says how.

Options:
  --only NAME      measure this alone (repeatable, or a list with commas)
  --records N      records of most phases, ${FEWEST} at least (default: 2000000)
  --json           print the result as JSON
  --compare FILE   compare with a result of --json of a machine of the same class; ends with 1 where any
                   throughput is below 0.85 of it
  --profile        write a CPU profile of each phase into a new temporary folder, and say which
  --help           print this

What --only takes:
${names.map((name) => `  ${name.padEnd(16)} ${groups[name]}`).join('\n')}
`;

/** Throws `ArgsError`. */
export function readArgs(argv: readonly string[]): Args {
  const given = parsed(argv);
  const records = Number(given.records ?? 2_000_000);
  if (!Number.isSafeInteger(records) || records < FEWEST)
    throw new ArgsError(`--records ${given.records} is no whole number from ${FEWEST} on`);
  const only = (given.only ?? []).flatMap((list) => list.split(','));
  for (const name of only) {
    if (!(names as readonly string[]).includes(name))
      throw new ArgsError(`--only ${name} is not known: give one of ${names.join(', ')}`);
  }
  const { json = false, profile = false, help = false, compare = null } = given;
  return {
    json,
    profile,
    help,
    compare,
    records,
    named: only.length > 0,
    only: names.filter((name) => (only.length === 0 ? !onRequest.includes(name) : only.includes(name))),
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        json: { type: 'boolean' },
        profile: { type: 'boolean' },
        help: { type: 'boolean' },
        compare: { type: 'string' },
        only: { type: 'string', multiple: true },
        records: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new ArgsError(`${error instanceof Error ? error.message : error}; --help says what there is`);
  }
}
