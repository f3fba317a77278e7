import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type LogSource, openCluster, type ReadingSettings, readingNames } from './cluster.js';
import { readOptions } from './settings.js';
import { UsageError } from './usage-error.js';

/** What says which log a command reads. */
export const logNames = ['data', ...readingNames] as const;

/** The log that is asked for: what is typed goes before a variable, which may be there for other commands. */
export function logSettingsOf(
  given: Readonly<Record<string, unknown>>,
  command: Command,
): { readonly data: string } | ReadingSettings {
  const typed = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (typed('data') && typed('kafkaBrokers'))
    throw new UsageError('--data and --kafka-brokers are two logs: give one of them');
  const cluster = given.kafkaBrokers !== undefined && !typed('data');
  return cluster ? readOptions(readingNames, given) : readOptions(['data'], given);
}

/** The log of a data folder, whether or not its platform is running; or that of the cluster. */
export const openSource = (
  of: { readonly data: string } | ReadingSettings,
  warn: (line: string) => void,
): Promise<LogSource> => ('data' in of ? openFolder(of.data) : openCluster(of, warn));

async function openFolder(data: string): Promise<LogSource> {
  if (!existsSync(join(data, 'log.mdb')))
    throw new UsageError(
      `there is no log in ${data}: name its folder with --data, or set KAFKA_BROKERS for that of a cluster`,
    );
  const { embeddedCodec } = await import('../platform/codec/embedded.js');
  const { openEnvironment } = await import('../platform/lmdb/environment.js');
  const { lmdbLog } = await import('../platform/log/lmdb/log.js');
  const environment = openEnvironment({ path: data, mode: 'read' });
  const log = lmdbLog(environment);
  return {
    ...{ log, codec: embeddedCodec() },
    close: async () => {
      await log.close();
      await environment.close();
    },
  };
}
