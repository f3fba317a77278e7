import { describe, expect, test } from 'vitest';
import { embeddedCodec } from '../platform/codec/embedded.js';
import { openEnvironment } from '../platform/lmdb/environment.js';
import { FrameBatch } from '../platform/log/batch.js';
import type { EventLog, LogReader } from '../platform/log/event-log.js';
import { lmdbLog } from '../platform/log/lmdb/log.js';
import { temporaryFolder } from '../test/tidemark.js';
import { exportTopic } from './log-export.js';

const codec = embeddedCodec();
const mark = (timestamp: number): Buffer =>
  codec.encode('Watermark', { timestamp, source: 'spout', partitions: 1 });

/** A partition whose reader gets these in turn: a value, or nothing to be seen; the marker behind a value moves it. */
function scripted(pulls: readonly ('value' | 'marker' | 'nothing')[], end: number) {
  const waits: number[] = [];
  let closed = false;
  let position = 0;
  const reader: LogReader = {
    pull: async ({ waitMs }) => {
      const what = pulls[waits.length] ?? 'nothing';
      waits.push(waitMs);
      if (what === 'nothing') return null;
      const batch = new FrameBatch();
      if (what === 'value') batch.push({ key: null, value: mark(position) }, position, 0);
      position++;
      return what === 'value' ? batch : null;
    },
    seek: () => expect.unreachable(),
    get position() {
      return position;
    },
    close: async () => {
      closed = true;
    },
  };
  const log = {
    partitions: async () => 1,
    range: async () => ({ start: 0, end }),
    read: () => reader,
  } as unknown as EventLog;
  return { log, waits, closed: () => closed };
}

async function exported(log: EventLog, more: (line: string) => Promise<unknown> = async () => undefined) {
  const lines: string[] = [];
  const warnings: string[] = [];
  await exportTopic({
    ...{ log, codec, topic: 'metrics' },
    print: async (line) => {
      lines.push(line);
      await more(line);
    },
    warn: (line) => warnings.push(line),
  });
  return { offsets: lines.map((line) => (JSON.parse(line) as { offset: number }).offset), warnings };
}

describe('an export', () => {
  test('waits for what a transaction hides, though not behind the last marker', async () => {
    const { log, waits, closed } = scripted(['value', 'nothing', 'nothing', 'value', 'marker'], 3);
    expect(await exported(log)).toEqual({ offsets: [0, 1], warnings: [] });
    expect(waits).toEqual([0, 0, 1_000, 1_000, 0]);
    expect(closed()).toBe(true);
  });

  test('does not wait for ever', async () => {
    const { log, waits, closed } = scripted(['value'], 3);
    await expect(exported(log)).rejects.toThrow(
      /^metrics\/0: a transaction that does not end hides all from offset 1 on; .*find-hanging/,
    );
    expect(waits.length).toBe(122);
    expect(closed()).toBe(true);
  });

  test('ends where the log ended when it began, and passes by what nobody can read', async () => {
    using folder = temporaryFolder();
    const environment = openEnvironment({ path: folder.path, mode: 'write' });
    const log = lmdbLog(environment);
    await log.createTopics([{ name: 'metrics', partitions: 2, retentionMs: null }]);
    const append = (partition: number, value: Buffer): Promise<number> =>
      log.append({ topic: 'metrics', partition, records: [{ key: null, value }] });
    for (const value of [mark(0), Buffer.from('poison'), Buffer.from([0, 0, 0, 3, 231, 1]), mark(1)])
      await append(0, value);
    await append(1, mark(2));
    const { offsets, warnings } = await exported(log, async () => {
      await append(0, mark(3));
      await append(1, mark(3));
    });
    expect(offsets).toEqual([0, 3, 0]);
    expect(warnings).toEqual([
      expect.stringMatching(/^metrics\/0 offset 1: the value is not framed/),
      'metrics/0 offset 2: schema id 999 is not known',
    ]);
    await log.close();
    await environment.close();
  });
});
