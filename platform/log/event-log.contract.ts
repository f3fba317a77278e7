import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batch } from './batch.js';
import type { EventLog, LogReader, LogRecord, OwnedPartition } from './event-log.js';

export interface LogFixture {
  readonly log: EventLog;
  /** Closes the log and opens it again. */
  reopen(): Promise<EventLog>;
  /** Moves the clock by which records are appended, ms. */
  tick(ms: number): void;
  now(): number;
  applyRetention(): Promise<void>;
  close(): Promise<void>;
}

const record = (value: string, key: string | null = null): LogRecord => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
});

const values = (batch: Batch | null): string[] => {
  const read: string[] = [];
  while (batch?.advance()) read.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
  return read;
};

const drain = async (reader: LogReader): Promise<string[]> => {
  const all: string[] = [];
  for (let batch = await reader.pull({ waitMs: 0 }); batch; batch = await reader.pull({ waitMs: 0 }))
    all.push(...values(batch));
  return all;
};

const owned = (log: EventLog, topic: string, partition = 0): Promise<OwnedPartition> =>
  new Promise(
    (resolve) => void log.join('group', topic, (one) => one.partition === partition && resolve(one)),
  );

/** What every adapter of `EventLog` promises. */
export function eventLogContract(open: () => Promise<LogFixture>): void {
  describe('event log', () => {
    let fixture: LogFixture;
    beforeEach(async () => {
      fixture = await open();
      await fixture.log.createTopics([
        { name: 'in', partitions: 2, retentionMs: 1000 },
        { name: 'out', partitions: 1, retentionMs: null },
      ]);
    });
    afterEach(() => fixture.close());

    test('gives back what was appended, after reopening too', async () => {
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('a', 'k'), record('b')] });
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('c')] });
      expect(await drain(fixture.log.read('in', 0, 0))).toEqual(['a', 'b', 'c']);
      const log = await fixture.reopen();
      expect(await drain(log.read('in', 0, 1))).toEqual(['b', 'c']);
      expect(await log.append({ topic: 'in', partition: 0, records: [record('d')] })).toBeGreaterThanOrEqual(
        3,
      );
    });

    test('keeps records larger than a chunk, and very many of them', async () => {
      const large = Array.from({ length: 40 }, (_, i) => record(String(i).padStart(100_000, 'x')));
      await fixture.log.append({
        topic: 'in',
        partition: 0,
        records: [...large, record('y'.repeat(700_000))],
      });
      const read = await drain(fixture.log.read('in', 0, 0));
      expect(read.map((value) => value.length)).toEqual([...large.map(() => 100_000), 700_000]);
      expect(await drain(fixture.log.read('in', 0, 39))).toHaveLength(2);
    });

    test('refuses another number of partitions, and topics that are not there', async () => {
      await expect(
        fixture.log.createTopics([{ name: 'in', partitions: 3, retentionMs: null }]),
      ).rejects.toMatchObject({
        code: 'PartitionCountDiffers',
      });
      await expect(fixture.log.append({ topic: 'no', partition: 0, records: [] })).rejects.toMatchObject({
        code: 'UnknownTopic',
      });
    });

    test('commits outputs, checkpoint and position together', async () => {
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('a'), record('b')] });
      const one = await owned(fixture.log, 'in');
      expect(await one.committed()).toBeNull();
      const output = { topic: 'out', partition: 0, records: [record('x')] };
      await one.commit([output], { next: 1, replayFrom: 1, checkpoint: [record('state')] });
      const after = await one.commit([output], { next: 2 });
      expect(after).toEqual({ next: 2, state: 2, replayFrom: 1 });
      const log = await fixture.reopen();
      expect(await (await owned(log, 'in')).committed()).toEqual(after);
      expect(await drain(log.read('out', 0, 0))).toEqual(['x', 'x']);
      expect(await drain(log.read('in', 0, 2))).toEqual(['state']);
    });

    test('writes nothing of a commit to a partition that does not exist', async () => {
      const one = await owned(fixture.log, 'in');
      const good = { topic: 'out', partition: 0, records: [record('x')] };
      const bad = { topic: 'out', partition: 9, records: [record('x')] };
      await expect(one.commit([good, bad], { next: 5 })).rejects.toThrow();
      expect(await one.committed()).toBeNull();
      expect(await drain(fixture.log.read('out', 0, 0))).toEqual([]);
    });

    test('spreads partitions over the members of a group, and fences the old owner', async () => {
      const first: OwnedPartition[] = [];
      const second: OwnedPartition[] = [];
      await fixture.log.join('group', 'in', (one) => first.push(one));
      expect(first.map(({ partition }) => partition)).toEqual([0, 1]);
      const membership = await fixture.log.join('group', 'in', (one) => second.push(one));
      expect(second.map(({ partition }) => partition)).toEqual([1]);
      expect([first[0]?.lost.aborted, first[1]?.lost.aborted]).toEqual([false, true]);
      await expect(first[1]?.commit([], { next: 1 })).rejects.toMatchObject({ code: 'Fenced' });
      await second[0]?.commit([], { next: 1 });
      await membership.leave();
      expect(second[0]?.lost.aborted).toBe(true);
      expect(first.map(({ partition }) => partition)).toEqual([0, 1, 1]);
      expect(await first[2]?.committed()).toMatchObject({ next: 1 });
    });

    test('wakes a pull that waits, and lets it be aborted', async () => {
      const reader = fixture.log.read('in', 0, 0);
      const pull = reader.pull({ waitMs: 60_000 });
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('a')] });
      expect(values(await pull)).toEqual(['a']);
      const stop = new AbortController();
      const aborted = reader.pull({ waitMs: 60_000, signal: stop.signal });
      stop.abort();
      expect(await aborted).toBeNull();
    });

    test('finds the offset at a time', async () => {
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('a'), record('b')] });
      fixture.tick(100);
      const time = fixture.now();
      await fixture.log.append({ topic: 'in', partition: 0, records: [record('c')] });
      expect(await fixture.log.offsetAt('in', 0, 0)).toBe(0);
      expect(await fixture.log.offsetAt('in', 0, time)).toBe(2);
      expect(await fixture.log.offsetAt('in', 0, time + 1)).toBe(3);
      expect(await fixture.log.range('in', 0)).toEqual({ start: 0, end: 3 });
    });

    test('finds the offset at a time across gaps', async () => {
      const one = await owned(fixture.log, 'in', 1);
      const at: { offset: number; time: number }[] = [];
      for (let n = 0; n < 20; n++) {
        fixture.tick(10);
        // Checkpoints of others, and commits that failed, leave gaps between the records of a reader.
        if (n % 3 === 0) await one.commit([], { next: 0, replayFrom: 0, checkpoint: [record('s')] });
        fixture.tick(10);
        const offset = await fixture.log.append({ topic: 'in', partition: 1, records: [record('a')] });
        at.push({ offset, time: fixture.now() });
      }
      for (const { offset, time } of at) expect(await fixture.log.offsetAt('in', 1, time)).toBe(offset);
    });

    test('deletes what is old, but nothing that a group needs', async () => {
      for (const value of ['a', 'b', 'c']) {
        await fixture.log.append({ topic: 'in', partition: 0, records: [record(value)] });
      }
      const one = await owned(fixture.log, 'in');
      await one.commit([], { next: 1, replayFrom: 1, checkpoint: [record('s')] });
      fixture.tick(5000);
      await fixture.applyRetention();
      expect(await drain(fixture.log.read('in', 0, 0))).toEqual(['b', 'c', 's']);
      await one.commit([], { next: 4, replayFrom: 4, checkpoint: [record('t')] });
      await fixture.applyRetention();
      expect(await drain(fixture.log.read('in', 0, 0))).toEqual(['t']);
    });
  });
}
