import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Batch } from './batch.js';
import type { EventLog, LogRecord, OwnedPartition, Position } from './event-log.js';

export interface LogFixture {
  readonly log: EventLog;
  /** Names that no other test uses. */
  readonly topics: { readonly input: string; readonly output: string };
  /** Name of a consumer group that no other test uses. */
  readonly group: string;
  /** Closes the log and opens it again. */
  reopen(): Promise<EventLog>;
  /** Lets so many ms go by on the clock by which records are appended. */
  tick(ms: number): Promise<void>;
  now(): number;
  close(): Promise<void>;
}

export const record = (value: string, key: string | null = null): LogRecord => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
});

export const values = (batch: Batch | null): string[] => {
  const read: string[] = [];
  while (batch?.advance()) read.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
  return read;
};

/** All that can be read from an offset on. A commit may become visible a little after it resolved. */
export async function drain(log: EventLog, topic: string, partition = 0, from = 0): Promise<string[]> {
  const { end } = await log.range(topic, partition);
  const reader = log.read(topic, partition, from);
  const all: string[] = [];
  for (let at = from; at < end; ) {
    const batch = await reader.pull({ waitMs: 500 });
    if (batch === null) break;
    at = batch.next;
    all.push(...values(batch));
  }
  await reader.close();
  return all;
}

/** A partition of a group, taken over; with the position that was committed before. */
const takeOver = async (
  log: EventLog,
  group: string,
  topic: string,
): Promise<{ one: OwnedPartition; before: Position | null }> => {
  const one = await new Promise<OwnedPartition>(
    (resolve) => void log.join(group, topic, (owned) => owned.partition === 0 && resolve(owned)),
  );
  return { one, before: await one.committed() };
};

const LONG = { timeout: 30_000 };
/** A member that is not heard of for 6 s is put out of its group. */
const BEYOND_SESSION_MS = 9_000;

/** What every adapter of `EventLog` promises. */
export function eventLogContract(name: string, open: () => Promise<LogFixture>): void {
  describe(`event log on ${name}`, () => {
    let fixture: LogFixture;
    let log: EventLog;
    let input: string;
    let output: string;
    beforeEach(async () => {
      fixture = await open();
      log = fixture.log;
      ({ input, output } = fixture.topics);
      await log.createTopics([
        { name: input, partitions: 2, retentionMs: 3_600_000 },
        { name: output, partitions: 1, retentionMs: null },
      ]);
    });
    afterEach(() => fixture.close());

    const append = (...records: readonly LogRecord[]): Promise<number> =>
      log.append({ topic: input, partition: 0, records });

    test('gives back what was appended, after reopening too', async () => {
      await append(record('a', 'k'), record('b'));
      const third = await append(record('c'));
      expect(await drain(log, input)).toEqual(['a', 'b', 'c']);
      const reopened = await fixture.reopen();
      expect(await drain(reopened, input, 0, third - 1)).toEqual(['b', 'c']);
      expect(await reopened.append({ topic: input, partition: 0, records: [record('d')] })).toBeGreaterThan(
        third,
      );
      expect(await drain(reopened, input, 1)).toEqual([]);
    });

    test('keeps the partitions of a topic apart', async () => {
      const both = ['a', 'b'].map((value, partition) =>
        log.append({ topic: input, partition, records: [record(value)] }),
      );
      await Promise.all(both);
      const { one } = await takeOver(log, fixture.group, output);
      const outputs = [1, 0].map((partition) => ({
        topic: input,
        partition,
        records: [record(`${partition}`)],
      }));
      await one.commit(outputs, { next: 1 });
      await expect.poll(() => drain(log, input, 0), LONG).toEqual(['a', '0']);
      await expect.poll(() => drain(log, input, 1), LONG).toEqual(['b', '1']);
    });

    test('keeps keys, offsets and append times with the records', async () => {
      const first = await append(record('a', 'k'), record('', ''), record('c'));
      const reader = log.read(input, 0, first);
      const batch = await reader.pull({ waitMs: 5_000 });
      const seen: unknown[] = [];
      while (batch?.advance()) {
        const { bytes, keyStart, keyEnd, offset, appendedAt } = batch;
        expect(Math.abs(appendedAt - fixture.now())).toBeLessThan(60_000);
        seen.push([offset - first, keyStart < 0 ? null : bytes.toString('utf8', keyStart, keyEnd)]);
      }
      expect(seen).toEqual([
        [0, 'k'],
        [1, ''],
        [2, null],
      ]);
      await reader.close();
    });

    test('keeps order and offsets of what is appended at once', async () => {
      const many = await Promise.all(
        Array.from({ length: 50 }, (_, i) => append(record(`${i}`), record('-'))),
      );
      expect(await drain(log, input)).toEqual(Array.from({ length: 50 }, (_, i) => [`${i}`, '-']).flat());
      expect(await drain(log, input, 0, many[20])).toHaveLength(60);
    });

    test('keeps records that are large, and very many of them', async () => {
      const large = Array.from({ length: 40 }, (_, i) => record(String(i).padStart(100_000, 'x')));
      const first = await append(...large, record('y'.repeat(700_000)));
      const read = await drain(log, input);
      expect(read.map((value) => value.length)).toEqual([...large.map(() => 100_000), 700_000]);
      expect(read[39]?.endsWith('39')).toBe(true);
      expect(await drain(log, input, 0, first + 39)).toHaveLength(2);
    });

    test('says with a batch whether there was more behind it', async () => {
      const large = Array.from({ length: 90 }, () => record('x'.repeat(100_000)));
      for (const one of large) await append(one);
      const reader = log.read(input, 0, 0);
      const said: boolean[] = [];
      for (let read = 0; read < large.length; ) {
        const batch = await reader.pull({ waitMs: 500 });
        read += values(batch).length;
        said.push(batch?.more ?? false);
      }
      await reader.close();
      expect(said.length).toBeGreaterThan(1);
      expect(said).toEqual(said.map((_, i) => i < said.length - 1));
    });

    test('refuses another number of partitions, and topics that are not there', async () => {
      const other = log.createTopics([{ name: input, partitions: 3, retentionMs: null }]);
      await expect(other).rejects.toMatchObject({ code: 'PartitionCountDiffers' });
      const missing = log.append({ topic: `${input}-not`, partition: 0, records: [record('a')] });
      await expect(missing).rejects.toMatchObject({ code: 'UnknownTopic' });
      const beyond = log.append({ topic: input, partition: 2, records: [record('a')] });
      await expect(beyond).rejects.toMatchObject({ code: 'UnknownTopic' });
    });

    test('commits outputs, checkpoint and position together', async () => {
      await append(record('a'), record('b'));
      const { one, before } = await takeOver(log, fixture.group, input);
      expect(before).toBeNull();
      const out = { topic: output, partition: 0, records: [record('x')] };
      const checkpoint = [record('state 0'), record('state 1')];
      const { state } = await one.commit([out], { next: 1, replayFrom: 1, checkpoint });
      const after = await one.commit([out], { next: 2 });
      expect(after).toEqual({ next: 2, state, replayFrom: 1 });
      const reopened = await fixture.reopen();
      expect((await takeOver(reopened, fixture.group, input)).before).toEqual(after);
      await expect.poll(() => drain(reopened, output), LONG).toEqual(['x', 'x']);
      await expect.poll(() => drain(reopened, input, 0, state ?? 0), LONG).toEqual(['state 0', 'state 1']);
    });

    test('appends all that a commit has for one place, in order', async () => {
      const { one } = await takeOver(log, fixture.group, input);
      const outputs = ['x', 'y'].map((text) => ({ topic: output, partition: 0, records: [record(text)] }));
      await one.commit(outputs, { next: 1 });
      await expect.poll(() => drain(log, output), LONG).toEqual(['x', 'y']);
    });

    test('writes nothing of a commit to a partition that does not exist', async () => {
      const { one } = await takeOver(log, fixture.group, input);
      const good = { topic: output, partition: 0, records: [record('x')] };
      const bad = { topic: output, partition: 9, records: [record('x')] };
      await expect(one.commit([good, bad], { next: 5 })).rejects.toThrow();
      expect(await one.committed()).toBeNull();
      expect(await drain(log, output)).toEqual([]);
      await one.commit([good], { next: 1 });
      await expect.poll(() => drain(log, output), LONG).toEqual(['x']);
    });

    test('spreads partitions over the members of a group, and fences the old owner', async () => {
      const first: OwnedPartition[] = [];
      const second: OwnedPartition[] = [];
      const numbers = (owned: OwnedPartition[]): number[] => owned.map(({ partition }) => partition);
      for (const partition of [0, 1])
        await log.append({ topic: input, partition, records: Array.from({ length: 7 }, () => record('-')) });
      await log.join(fixture.group, input, (one) => first.push(one));
      await expect.poll(() => numbers(first), LONG).toEqual([0, 1]);
      for (const one of first) await one.committed();
      const membership = await log.join(fixture.group, input, (one) => second.push(one));
      await expect.poll(() => second.length, LONG).toBe(1);
      const moved = second[0] as OwnedPartition;
      const [kept, lost] = moved.partition === 0 ? [first[1], first[0]] : [first[0], first[1]];
      await expect.poll(() => lost?.lost.aborted, LONG).toBe(true);
      expect(kept?.lost.aborted).toBe(false);
      await moved.committed();
      await expect(lost?.commit([], { next: 1 })).rejects.toMatchObject({ code: 'Fenced' });
      await moved.commit([], { next: 7 });
      await kept?.commit([], { next: 1 });
      await membership.leave();
      expect(moved.lost.aborted).toBe(true);
      await expect.poll(() => numbers(first), LONG).toEqual([0, 1, moved.partition]);
      expect(await first[2]?.committed()).toMatchObject({ next: 7 });
      expect(kept?.lost.aborted).toBe(false);
      await kept?.commit([], { next: 2 });
    });

    test('leaves a partition with its owner, however long that works on a record', async () => {
      const first = await append(record('long'), record('next'));
      const got: OwnedPartition[] = [];
      const membership = await log.join(fixture.group, input, (one) => got.push(one));
      await expect.poll(() => got.length, LONG).toBe(2);
      const [owned] = got.filter(({ partition }) => partition === 0) as [OwnedPartition];
      await owned.committed();
      owned.seek(first);
      const batch = await owned.pull({ waitMs: 5_000 });
      expect(batch?.advance()).toBe(true);
      // Longer than a broker waits for one that has died: that it works has to be told meanwhile.
      await fixture.tick(BEYOND_SESSION_MS);
      expect([owned.lost.aborted, membership.member, got.length]).toEqual([false, true, 2]);
      await owned.commit([{ topic: output, partition: 0, records: [record('done')] }], { next: first + 1 });
      await membership.leave();
      const { one, before } = await takeOver(log, fixture.group, input);
      expect(before).toMatchObject({ next: first + 1 });
      one.seek(first + 1);
      expect(values(await one.pull({ waitMs: 5_000 }))).toEqual(['next']);
      expect(await drain(log, output)).toEqual(['done']);
    });

    test('reads an owned partition from where it is told to', async () => {
      const first = await append(record('a'), record('b'), record('c'));
      const { one } = await takeOver(log, fixture.group, input);
      one.seek(first + 1);
      expect(values(await one.pull({ waitMs: 5_000 }))).toEqual(['b', 'c']);
      one.seek(first);
      expect(values(await one.pull({ waitMs: 5_000 }))).toEqual(['a', 'b', 'c']);
      expect(await one.pull({ waitMs: 0 })).toBeNull();
    });

    test('wakes a pull that waits, and lets it be aborted', async () => {
      const reader = log.read(input, 0, 0);
      const pull = reader.pull({ waitMs: 60_000 });
      await append(record('a'));
      expect(values(await pull)).toEqual(['a']);
      const stop = new AbortController();
      const aborted = reader.pull({ waitMs: 60_000, signal: stop.signal });
      stop.abort();
      expect(await aborted).toBeNull();
      await reader.close();
    });

    test('finds the offset at a time', async () => {
      const first = await append(record('a'), record('b'));
      await fixture.tick(50);
      const time = fixture.now();
      await fixture.tick(50);
      const third = await append(record('c'));
      expect(await log.offsetAt(input, 0, 0)).toBe(first);
      expect(await log.offsetAt(input, 0, time)).toBe(third);
      const { start, end } = await log.range(input, 0);
      expect(start).toBe(first);
      expect(end).toBeGreaterThan(third);
      expect(await log.offsetAt(input, 0, fixture.now() + 60_000)).toBe(end);
      expect(await log.offsetAt(input, 0, Number.POSITIVE_INFINITY)).toBe(end);
    });
  });
}
