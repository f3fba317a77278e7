import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openEnvironment } from '../../lmdb/environment.js';
import { eventLogContract } from '../event-log.contract.js';
import { lmdbLog } from './log.js';

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-log-'));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

eventLogContract(async () => {
  const path = folder();
  let now = 1_000_000;
  const clock = (): number => now;
  let environment = openEnvironment({ path, mode: 'write' });
  let log = lmdbLog(environment, { clock });
  const close = async (): Promise<void> => {
    await log.close();
    await environment.close();
  };
  return {
    log,
    reopen: async () => {
      await close();
      environment = openEnvironment({ path, mode: 'write' });
      log = lmdbLog(environment, { clock });
      return log;
    },
    tick: (ms) => {
      now += ms;
    },
    now: clock,
    applyRetention: () => log.applyRetention(),
    close,
  };
});

describe('lmdb environment', () => {
  test('refuses a second writer by naming the first, and takes a dead one over', async () => {
    const path = folder();
    const first = openEnvironment({ path, mode: 'write' });
    expect(() => openEnvironment({ path, mode: 'write' })).toThrow(`in use by process ${process.pid}`);
    await first.close();
    await openEnvironment({ path, mode: 'write' }).close();
  });

  test('says when there is no room, loses nothing, and goes on when retention has made some', async () => {
    const path = folder();
    let now = 0;
    const environment = openEnvironment({ path, mode: 'write', quota: 1_000_000 });
    const log = lmdbLog(environment, { clock: () => now });
    await log.createTopics([{ name: 'in', partitions: 1, retentionMs: 1000 }]);
    const append = (text: string): Promise<number> =>
      log.append({ topic: 'in', partition: 0, records: [{ key: null, value: Buffer.alloc(100_000, text) }] });
    let written = 0;
    const fill = async (): Promise<void> => {
      for (;;) written = (await append('x')) + 1;
    };
    await expect(fill()).rejects.toMatchObject({ code: 'NoSpace', retryable: true });
    expect(await log.range('in', 0)).toEqual({ start: 0, end: written });
    now = 2000;
    await log.applyRetention();
    expect(await append('y')).toBeGreaterThanOrEqual(written);
    await log.close();
    await environment.close();
  });
});
