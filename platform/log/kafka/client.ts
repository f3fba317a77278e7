import { createRequire } from 'node:module';
import kafkajs, { type ISocketFactory, type KafkaConfig, type Kafka as KafkaType } from 'kafkajs';
import type { Cluster } from './cluster.js';
import { registerCodecs } from './compression.js';
import { Voice } from './voice.js';

// Named imports of these compile, and then are undefined: kafkajs is CommonJS.
const { Kafka, logLevel } = kafkajs;
const require = createRequire(import.meta.url);

export interface KafkaSettings {
  /** `host:port` */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly ssl?: NonNullable<KafkaConfig['ssl']>;
  readonly sasl?: NonNullable<KafkaConfig['sasl']>;
  readonly warn: (message: string) => void;
}

/** What several clients of a process may share, or have of their own. */
export interface ClientParts {
  readonly voice?: Voice;
  readonly sockets?: ISocketFactory;
}

const usual = (require('kafkajs/src/network/socketFactory') as () => ISocketFactory)();

/** kafkajs, with what has to be put right before it is used. */
export function createClient(
  { brokers, clientId = 'tidemark', ssl, sasl, warn }: KafkaSettings,
  { voice = new Voice(warn, () => performance.now()), sockets = usual }: ClientParts = {},
): KafkaType {
  registerCodecs();
  quietIdleConnections();
  keepResponses();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    // Rejects within seconds when no broker answers; whoever asked says so, and tries again.
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 },
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => voice.hear(entry),
    socketFactory: socketFactory(voice, sockets),
  });
}

/** Sockets that tell when a broker answers, and that can be let go of more than once. */
export function socketFactory(voice: Voice, sockets = usual): ISocketFactory {
  return (options) => {
    const socket = sockets(options);
    socket.once('data', () => voice.answered(`${options.host}:${options.port}`));
    // It is unreferenced at each disconnect, also when it is long closed: Node would wait for it to be
    // connected, with a listener more each time.
    socket.once('close', () => {
      socket.unref = () => socket;
    });
    // Requests follow each other on a connection: each goes out at once.
    return socket.setNoDelay(true);
  };
}

/** Whether what open transactions wrote is seen. */
export const isolation = { uncommitted: 0, committed: 1 } as const;

/** The cluster behind a client, which kafkajs keeps to itself: fetching by assignment needs it. */
export function clusterOf(kafka: KafkaType, isolationLevel: number = isolation.committed): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  if (!create) throw new Error('this version of kafkajs hides its cluster: the adapter is made for 2.2.4');
  return create({ metadataMaxAge: 15_000, allowAutoTopicCreation: false, isolationLevel });
}

interface Queue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let quieted = false;

/** An idle connection arms a timer in the past, 900 times a second: it is armed only where something waits. */
export function quietIdleConnections(): void {
  if (quieted) return;
  quieted = true;
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: Queue };
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
}

interface Connection {
  chunks: Buffer[];
  readonly bytesBuffered: number;
  processData(data: Buffer): void;
}

let kept = false;

/** What is left of the response before is most often nothing, for which the next one would be copied as a whole. */
export function keepResponses(): void {
  if (kept) return;
  kept = true;
  const { prototype } = require('kafkajs/src/network/connection') as { prototype: Connection };
  const original = prototype.processData;
  prototype.processData = function (this: Connection, data: Buffer): void {
    if (this.bytesBuffered === 0) this.chunks = [];
    original.call(this, data);
  };
}
