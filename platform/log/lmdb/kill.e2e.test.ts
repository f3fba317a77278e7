import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/tidemark.js';
import { openEnvironment } from '../../lmdb/environment.js';
import type { LogReader, OwnedPartition } from '../event-log.js';
import { lmdbLog } from './log.js';

const dist = (path: string): string => JSON.stringify(pathToFileURL(`dist/platform/${path}`).href);

/** Appends a record, then commits an output with the position; is killed -9 where `kill` stands. */
const script = (path: string, at: string): string => `
  import { openEnvironment } from ${dist('lmdb/environment.js')};
  import { lmdbLog } from ${dist('log/lmdb/log.js')};
  const kill = (place) => { if (place === ${JSON.stringify(at)}) process.kill(process.pid, 'SIGKILL'); };
  const log = lmdbLog(openEnvironment({ path: ${JSON.stringify(path)}, mode: 'write' }));
  const record = (text) => ({ key: null, value: Buffer.from(text) });
  await log.createTopics([
    { name: 'in', partitions: 1, retentionMs: null },
    { name: 'out', partitions: 1, retentionMs: null },
  ]);
  await log.append({ topic: 'in', partition: 0, records: [record('first')] });
  kill('appended');
  const appending = log.append({ topic: 'in', partition: 0, records: [record('second')] });
  kill('appending');
  await appending;
  const owned = await new Promise((resolve) => void log.join('group', 'in', resolve));
  const outputs = [{ topic: 'out', partition: 0, records: [record('output')] }];
  const committing = owned.commit(outputs, { next: 2, replayFrom: 2, checkpoint: [record('state')] });
  kill('committing');
  setImmediate(() => kill('soon after'));
  await committing;
  kill('committed');
`;

const values = async (reader: LogReader): Promise<string[]> => {
  const all: string[] = [];
  for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 })) {
    while (batch.advance()) all.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
  }
  return all;
};

describe('kill -9', () => {
  test.each(['appended', 'appending', 'committing', 'soon after', 'committed'])(
    '%s: what was promised is there, and outputs stand with their position or not at all',
    async (at) => {
      using folder = temporaryFolder();
      const args = ['--input-type=module', '-e', script(folder.path, at)];
      expect(spawnSync(process.execPath, args).signal).toBe('SIGKILL');
      const environment = openEnvironment({ path: folder.path, mode: 'write' });
      const log = lmdbLog(environment);
      const records = await values(log.read('in', 0, 0));
      expect(records[0]).toBe('first');
      if (!at.startsWith('append')) expect(records[1]).toBe('second');
      const owned = await new Promise<OwnedPartition>((resolve) => void log.join('group', 'in', resolve));
      const position = await owned.committed();
      expect(await values(log.read('out', 0, 0))).toEqual(position === null ? [] : ['output']);
      expect(records.includes('state')).toBe(position !== null);
      if (at === 'committed') expect(position).toEqual({ next: 2, state: 2, replayFrom: 2 });
      await log.close();
      await environment.close();
    },
  );
});
