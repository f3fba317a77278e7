import type { Codec } from '../platform/codec/codec.js';
import type { EventLog } from '../platform/log/event-log.js';
import { LogError } from '../platform/log/event-log.js';
import type { Logger } from '../platform/telemetry/logger.js';
import { authorityOf, readPem } from './authority.js';
import type { Liveness } from './liveness.js';
import { pause } from './pause.js';
import type { Given } from './settings.js';
import { topicSpecs } from './topics.js';
import { UsageError } from './usage-error.js';

/** What every component that uses the log takes. */
export const clusterNames = [
  ...(['kafkaBrokers', 'kafkaPrefix', 'kafkaUsername', 'kafkaPassword', 'kafkaSasl', 'kafkaTls'] as const),
  ...(['kafkaReplication', 'registryUrl', 'registryCa', 'retention'] as const),
];
export type ClusterSettings = Given<(typeof clusterNames)[number]>;

export interface ClusterContext {
  readonly logger: Logger;
  readonly onFatal: (error: unknown) => void;
  /** Told of every loop that owns a partition. */
  readonly liveness: Liveness;
  /** Ends waiting for what is not there yet. */
  readonly signal: AbortSignal;
}

export interface Cluster {
  readonly log: EventLog;
  readonly codec: Codec;
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;

/** The log and the codec of the cluster, with its topics; waits for brokers and registry that are not up yet. */
export async function connectCluster(
  settings: ClusterSettings,
  { logger, onFatal, liveness, signal }: ClusterContext,
): Promise<Cluster> {
  const { kafkaLog } = await import('../platform/log/kafka/log.js');
  const { registryCodec } = await import('../platform/codec/registry.js');
  const warn = (text: string): void => logger.warn(text);
  const { kafkaBrokers: brokers, kafkaPrefix: prefix, kafkaReplication: replication } = settings;
  const copies = replication === null ? {} : { replication };
  const { registryUrl: url, registryCa } = settings;
  const registry = { url, ...authorityOf(url, 'SCHEMA_REGISTRY_CA', registryCa) };
  const log = kafkaLog({ brokers, prefix, ...copies, ...security(settings), warn, onFatal });
  try {
    await createTopics(log, settings.retention, { warn, signal });
    const clock = (): number => performance.now();
    const codec = await registryCodec({ ...registry, pause, warn, clock, signal });
    return { log: liveness.watched(log), codec, close: () => log.close() };
  } catch (error) {
    await log.close();
    throw error;
  }
}

function security({
  kafkaUsername: username,
  kafkaPassword: password,
  kafkaSasl,
  kafkaTls,
}: ClusterSettings) {
  const ssl =
    kafkaTls === 'off' ? {} : { ssl: kafkaTls === 'on' ? true : { ca: [brokerAuthority(kafkaTls)] } };
  if (username !== '' && password === '')
    throw new UsageError('KAFKA_PASSWORD is missing: set it, for there is a KAFKA_USERNAME');
  return username === '' ? ssl : { ...ssl, sasl: { mechanism: kafkaSasl, username, password } as never };
}

const brokerAuthority = (file: string): string =>
  readPem('--kafka-tls (KAFKA_TLS)', file, '; give off, on, or the file of the authority');

async function createTopics(
  log: EventLog,
  retention: number,
  { warn, signal }: { warn: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  for (let retry = FIRST_RETRY_MS; ; retry = Math.min(LAST_RETRY_MS, retry * 2)) {
    try {
      await log.createTopics(topicSpecs(retention));
      return;
    } catch (error) {
      if (!(error instanceof LogError && error.retryable) || signal.aborted) throw error;
      warn(`${error.message}; trying again in ${retry / 1000} s`);
      await pause(retry, signal);
    }
  }
}
