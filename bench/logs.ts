import { Command } from 'commander';
import { clusterNames, connectCluster } from '../cli/cluster.js';
import { Liveness } from '../cli/liveness.js';
import { optionsOf, readOptions } from '../cli/settings.js';
import { topics } from '../pipeline/stage/stage.js';
import type { Codec } from '../platform/codec/codec.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import type { EventLog } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { createLogger } from '../platform/telemetry/logger.js';
import { PARTITIONS } from './workload.js';

/** How often to look for what another one does, ms. */
export const LOOK_EVERY_MS = 20;

/** A log, and how it is written and read. */
export interface OpenLog {
  readonly log: EventLog;
  readonly codec: Codec;
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** As the components take them. */
  readonly brokers: string;
  readonly registry: string;
}

export function openEmbedded(path: string): OpenLog {
  const environment = openEnvironment({ path, mode: 'write' });
  const log = lmdbLog(environment);
  const close = async (): Promise<void> => {
    await log.close();
    await environment.close();
  };
  return { log, codec: embeddedCodec(), close };
}

/** As the components open it. */
export async function openKafka({ brokers, registry }: ClusterOptions): Promise<OpenLog> {
  const ended = new AbortController();
  const onFatal = (error: unknown): never => {
    throw error;
  };
  const logger = createLogger({ level: 'error' });
  // As a component has them that is told of its brokers and its registry alone.
  const command = new Command();
  for (const option of optionsOf(clusterNames)) command.addOption(option);
  command.parse(['--kafka-brokers', brokers, '--schema-registry-url', registry], { from: 'user' });
  const liveness = new Liveness(() => performance.now());
  const context = { logger, liveness, onFatal, signal: ended.signal };
  const { log, codec, close } = await connectCluster(readOptions(clusterNames, command.opts()), context);
  return {
    log,
    codec,
    close: () => {
      ended.abort();
      return close();
    },
  };
}

/** It would be measured among others' records, and they would have those of the benchmark among theirs. */
export async function refuseUsed(log: EventLog): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { end } = await log.range(topics.metrics, partition);
    if (end > 0)
      throw new Error(
        `${topics.metrics}/${partition} has records already, where the benchmark writes its own: give it a broker of its own`,
      );
  }
}

export interface Entry {
  readonly partition: number;
  readonly value: Buffer;
  /** ms since the epoch */
  readonly appendedAt: number;
}

/** All of a topic of `PARTITIONS` that is committed, by partition and offset; values are valid until the next one. */
export async function* entries(log: EventLog, topic: string): AsyncGenerator<Entry> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const reader = log.read(topic, partition, 0);
    const { end } = await log.range(topic, partition);
    while (reader.position < end) {
      const batch = await reader.pull({ waitMs: LOOK_EVERY_MS });
      while (batch?.advance()) {
        const value = batch.bytes.subarray(batch.valueStart, batch.valueEnd);
        yield { partition, value, appendedAt: batch.appendedAt };
      }
    }
    await reader.close();
  }
}
