import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { printLine } from '../pipeline/backtest/json-lines.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { LogError } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { UsageError } from './usage-error.js';

export interface ExportCommand {
  readonly topic: string;
  readonly data: string;
  /** Resolves when the line is taken. */
  readonly print: (line: string) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** Prints a topic as JSON lines, partition by partition; of a running or a stopped data folder. */
export async function exportTopic({ topic, data, print, warn }: ExportCommand): Promise<void> {
  if (!existsSync(join(data, 'log.mdb')))
    throw new UsageError(`there is no log in ${data}: name its folder with --data`);
  const environment = openEnvironment({ path: data, mode: 'read' });
  const log = lmdbLog(environment);
  const codec = embeddedCodec();
  /** Null for what is no record of this topic: a checkpoint, or what nobody can read. */
  const lineOf = (place: Parameters<typeof printLine>[0], value: Uint8Array): string | null => {
    try {
      const decoded = codec.decode(value);
      return decoded.type === 'StageState' ? null : printLine(place, decoded);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      warn(`${topic}/${place.partition} offset ${place.offset}: ${why}`);
      return null;
    }
  };
  try {
    const partitions = await log.partitions(topic).catch(asUsage);
    for (let partition = 0; partition < partitions; partition++) {
      const { start, end } = await log.range(topic, partition);
      const reader = log.read(topic, partition, start);
      for (let at = start; at < end; ) {
        const batch = await reader.pull({ waitMs: 0 });
        if (batch === null) break;
        at = batch.next;
        while (batch.advance()) {
          if (batch.offset >= end) break;
          const key = batch.keyStart < 0 ? null : batch.bytes.toString('utf8', batch.keyStart, batch.keyEnd);
          const place = { topic, partition, offset: batch.offset, key };
          const line = lineOf(place, batch.bytes.subarray(batch.valueStart, batch.valueEnd));
          if (line !== null) await print(line);
        }
      }
    }
  } finally {
    await log.close();
    await environment.close();
  }
}

function asUsage(error: unknown): never {
  throw error instanceof LogError && error.code === 'UnknownTopic' ? new UsageError(error.message) : error;
}
