import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ArgsError } from './args.js';
import type { ClusterOptions } from './logs.js';

const execute = promisify(execFile);
const folder = fileURLToPath(new URL('../../bench/jvm', import.meta.url));
const target = join(folder, 'target');
/** s */
const LONGEST = 1_800;

/** Another engine, at the job of `RULES`. */
export interface Peer {
  readonly name: string;
  readonly main: string;
  /** Where its version of the Kafka client is. */
  readonly client: string;
}

/** In each the garbage collector with which it was fastest on two cores. */
const JVM = ['-Xmx1g', '-XX:+UseParallelGC'];

export const peers: readonly Peer[] = [
  { name: 'Flink 2.2.1, exactly once', main: 'FlinkJob', client: 'flink' },
  { name: 'Kafka Streams 4.3.1, exactly once', main: 'StreamsJob', client: 'streams' },
];

/** Costs from when the job begins to read until its last outputs are committed. */
export interface PeerResult {
  readonly windows: number;
  readonly alerts: number;
  /** CPU time of all threads, s. */
  readonly cpu: number;
  /** s */
  readonly wall: number;
  /** s */
  readonly gc: number;
  /** From when it begins to read until the first window is in the topic, s. */
  readonly firstOutput: number;
  /** Greatest resident set of the process, bytes. */
  readonly peakRss: number;
}

export interface NamedPeerResult extends PeerResult {
  readonly name: string;
}

export interface PeerOptions extends ClusterOptions {
  /** The records to judge. */
  readonly topic: string;
  /** Of its own topics and transactions. */
  readonly prefix: string;
  /** End of the last window that closes, ms since the epoch. */
  readonly lastWindow: number;
}

/** Builds them; throws `ArgsError` where this machine cannot. */
export async function buildPeers(): Promise<void> {
  if (!existsSync(folder))
    throw new ArgsError('--only peers needs a checkout: the package has no Java in it');
  try {
    await execute('mvn', ['-q', '-B', '-f', folder, 'package']);
  } catch (cause) {
    const { code, stdout = '' } = cause as { readonly code?: unknown; readonly stdout?: string };
    const why = code === 'ENOENT' ? 'mvn is not there' : stdout.trim();
    throw new ArgsError(`--only peers needs Maven and a JDK of 17 at least: ${why}`, { cause });
  }
}

export async function runPeer(peer: Peer, options: PeerOptions): Promise<PeerResult> {
  const { brokers, registry, topic, prefix, lastWindow } = options;
  const classes = [join(target, 'bench-1.jar'), join(target, 'lib', '*'), join(target, peer.client, '*')];
  const given = { brokers, registry, topic, prefix, 'last-window': `${lastWindow}`, timeout: `${LONGEST}` };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  const main = ['-cp', classes.join(delimiter), `tidemark.bench.${peer.main}`];
  const { stdout } = await execute('java', [...JVM, ...main, ...args]);
  return JSON.parse(stdout) as PeerResult;
}
