import type { Codec, Decoder } from '../platform/codec/codec.js';
import type { EventLog } from '../platform/log/event-log.js';
import { LogError } from '../platform/log/event-log.js';
import type { Logger } from '../platform/telemetry/logger.js';
import { authorityOf, readPem } from './authority.js';
import type { Liveness } from './liveness.js';
import { pause } from './pause.js';
import type { Given } from './settings.js';
import { topicSpecs } from './topics.js';
import { UsageError } from './usage-error.js';

/** What it takes to read the log. */
export const readingNames = [
  'kafkaBrokers',
  'kafkaUsername',
  'kafkaPassword',
  'kafkaSasl',
  'kafkaTls',
  'registryUrl',
  'registryCa',
] as const;
export type ReadingSettings = Given<(typeof readingNames)[number]>;

/** What every component that uses the log takes. */
export const clusterNames = [...readingNames, 'kafkaPrefix', 'kafkaReplication', 'retention'] as const;
export type ClusterSettings = Given<(typeof clusterNames)[number]>;

export interface ClusterContext {
  readonly logger: Logger;
  readonly onFatal: (error: unknown) => void;
  /** Told of every loop that owns a partition. */
  readonly liveness: Liveness;
  /** Ends waiting for what is not there yet. */
  readonly signal: AbortSignal;
}

/** A log to be read, and how. */
export interface LogSource {
  readonly log: EventLog;
  readonly codec: Decoder;
  close(): Promise<void>;
}

export interface Cluster extends LogSource {
  readonly codec: Codec;
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
  const registry = registryOf(settings);
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

/** The log and the codec of the cluster, to look into: it creates and registers nothing, and waits for nobody. */
export async function openCluster(
  settings: ReadingSettings,
  warn: (text: string) => void,
): Promise<LogSource> {
  const { kafkaLog } = await import('../platform/log/kafka/log.js');
  const { registryDecoder } = await import('../platform/codec/registry.js');
  const secured = security(settings);
  const codec = await registryDecoder({ ...registryOf(settings), clock: () => performance.now() });
  const log = kafkaLog({
    brokers: settings.kafkaBrokers,
    ...secured,
    // What the client says of each attempt is in the error at the end.
    warn: (text) => void (text.startsWith('kafka: ') || warn(text)),
    // It joins no group.
    onFatal: () => undefined,
  });
  return { log, codec, close: () => log.close() };
}

const registryOf = ({
  registryUrl: url,
  registryCa,
}: ReadingSettings): { readonly url: string; readonly ca?: string } => ({
  url,
  ...authorityOf(url, 'SCHEMA_REGISTRY_CA', registryCa),
});

function security({
  kafkaUsername: username,
  kafkaPassword: password,
  kafkaSasl,
  kafkaTls,
}: ReadingSettings) {
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
