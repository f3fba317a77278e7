import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { printLine } from '../pipeline/backtest/json-lines.js';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { UsageError } from './settings.js';

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
  try {
    for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
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
          try {
            const decoded = codec.decode(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
            if (decoded.type !== 'StageState') await print(printLine(place, decoded));
          } catch (error) {
            warn(
              `${topic}/${partition} offset ${batch.offset}: ${error instanceof Error ? error.message : error}`,
            );
          }
        }
      }
    }
  } finally {
    await log.close();
    await environment.close();
  }
}
