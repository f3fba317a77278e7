import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openEnvironment } from '../../lmdb/environment.js';
import { drain, eventLogContract, type LogFixture, record } from '../event-log.contract.js';
import type { OwnedPartition } from '../event-log.js';
import { writerContract } from '../writer.contract.js';
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

const open = async (): Promise<LogFixture> => {
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
    topics: { input: 'in', output: 'out' },
    group: 'group',
    reopen: async () => {
      await close();
      environment = openEnvironment({ path, mode: 'write' });
      log = lmdbLog(environment, { clock });
      return log;
    },
    tick: async (ms) => {
      now += ms;
    },
    now: clock,
    close,
  };
};
eventLogContract('LMDB', open);
writerContract('LMDB', open);

describe('event log on LMDB', () => {
  test('deletes what is old, but nothing that a group needs', async () => {
    let now = 0;
    const environment = openEnvironment({ path: folder(), mode: 'write' });
    const log = lmdbLog(environment, { clock: () => now });
    await log.createTopics([{ name: 'in', partitions: 1, retentionMs: 1000 }]);
    for (const value of ['a', 'b', 'c'])
      await log.append({ topic: 'in', partition: 0, records: [record(value)] });
    const one = await new Promise<OwnedPartition>((resolve) => void log.join('group', 'in', resolve));
    await one.commit([], { next: 1, replayFrom: 1, checkpoint: [record('s')] });
    now = 5000;
    await log.applyRetention();
    expect(await drain(log, 'in')).toEqual(['b', 'c', 's']);
    await one.commit([], { next: 4, replayFrom: 4, checkpoint: [record('t')] });
    await log.applyRetention();
    expect(await drain(log, 'in')).toEqual(['t']);
    await log.close();
    await environment.close();
  });

  test('finds the offset at a time across gaps', async () => {
    let now = 0;
    const environment = openEnvironment({ path: folder(), mode: 'write' });
    const log = lmdbLog(environment, { clock: () => now });
    await log.createTopics([{ name: 'in', partitions: 1, retentionMs: null }]);
    const one = await new Promise<OwnedPartition>((resolve) => void log.join('group', 'in', resolve));
    const at: { offset: number; time: number }[] = [];
    const nowhere = { topic: 'in', partition: 9, records: [record('x')] };
    for (let n = 0; n < 20; n++) {
      now += 10;
      if (n % 3 === 0) await one.commit([], { next: 0, replayFrom: 0, checkpoint: [record('s')] });
      // A commit that fails leaves a gap.
      const failing = { topic: 'in', partition: 0, records: [record('y'), record('z')] };
      if (n % 4 === 0) await expect(one.commit([failing, nowhere], { next: 0 })).rejects.toThrow();
      now += 10;
      const offset = await log.append({ topic: 'in', partition: 0, records: [record('a')] });
      at.push({ offset, time: now });
    }
    for (const { offset, time } of at) expect(await log.offsetAt('in', 0, time)).toBe(offset);
    await log.close();
    await environment.close();
  });
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
    let now = 0;
    const environment = openEnvironment({ path: folder(), mode: 'write', quota: 1_000_000 });
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
