import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ArgsError } from './args.js';
import type { Counted } from './cost.js';
import { WARM_UP } from './engine-alone.js';
import type { ClusterOptions } from './logs.js';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../bench/jvm', import.meta.url));
const target = join(folder, 'target');
/** For its heap and its collector, Flink was fastest with these on two cores. */
const JVM = ['-Xmx1g', '-XX:+UseParallelGC'];
/** s */
const LONGEST = 1_800;

/** Another engine, at the job of `RULES`. */
export interface Peer {
  readonly name: string;
  readonly main: string;
  /** Where its version of the Kafka client is. */
  readonly client: string;
}

export const engines: readonly Peer[] = [
  { name: 'Flink 2.2.1, exactly once', main: 'FlinkJob', client: 'flink' },
  { name: 'Kafka Streams 4.3.1, exactly once', main: 'StreamsJob', client: 'streams' },
];

/** Costs from when the job begins to read until its last outputs are committed: CPU of all threads of its process. */
export interface PeerResult {
  readonly name: string;
  readonly windows: number;
  readonly alerts: number;
  readonly cold: Counted;
  /** Without as many records as count as warm-up. */
  readonly warm: Counted;
  /** From when it begins to read until the first window was appended, s. */
  readonly firstOutput: number;
  /** Greatest resident set of the process, bytes. */
  readonly peakRss: number;
}

export interface PeerOptions extends ClusterOptions {
  /** The records to judge, and how many. */
  readonly topic: string;
  readonly records: number;
  /** Of its own topics and transactions. */
  readonly prefix: string;
  /** End of the last window that closes, ms since the epoch. */
  readonly lastWindow: number;
}

const cost = z.object({ cpu: z.number(), gc: z.number(), wall: z.number() });
/** What the programs print. `warmUp`: records that were read when `warm` began. */
const printed = cost.extend({
  windows: z.number(),
  alerts: z.number(),
  firstOutput: z.number(),
  peakRss: z.number(),
  warmUp: z.number(),
  warm: cost,
});

/** Builds them, and looks whether they can run; throws `ArgsError` where this machine cannot. */
export async function buildPeers(): Promise<void> {
  if (!existsSync(folder))
    throw new ArgsError('--only peers needs a checkout: the package has no Java in it');
  for (const [program, ...args] of [
    ['java', '-version'],
    ['mvn', '-q', '-B', '-f', folder, 'package'],
  ] as const) {
    try {
      await execute(program, args);
    } catch (cause) {
      throw new ArgsError(`--only peers needs Maven and a JDK of 17 at least: ${said(cause)}`, { cause });
    }
  }
}

/** Rejects with what it says, and its name. */
export async function runPeer({ name, main, client }: Peer, options: PeerOptions): Promise<PeerResult> {
  const { brokers, registry, topic, prefix, lastWindow, records } = options;
  const classes = [join(target, 'bench-1.jar'), join(target, 'lib', '*'), join(target, client, '*')];
  const given = {
    ...{ brokers, registry, topic, prefix },
    'last-window': `${lastWindow}`,
    'warm-up': `${Math.floor(WARM_UP * records)}`,
    timeout: `${LONGEST}`,
  };
  const args = Object.entries(given).flatMap(([option, value]) => [`--${option}`, value]);
  try {
    const { stdout } = await execute('java', [
      ...JVM,
      ...['-cp', classes.join(delimiter), `tidemark.bench.${main}`],
      ...args,
    ]);
    const { windows, alerts, firstOutput, peakRss, warmUp, warm, ...whole } = printed.parse(
      JSON.parse(stdout),
    );
    return {
      ...{ name, windows, alerts, firstOutput, peakRss },
      cold: { ...whole, records },
      warm: { ...warm, records: records - warmUp },
    };
  } catch (cause) {
    throw new Error(`${name}: ${said(cause)}`, { cause });
  }
}

/** Of a process that failed what it printed, rather than how it was called. */
function said(cause: unknown): string {
  const { stdout, stderr, message } = cause as {
    readonly stdout?: string;
    readonly stderr?: string;
    readonly message: string;
  };
  return stderr?.trim() || stdout?.trim() || message;
}
