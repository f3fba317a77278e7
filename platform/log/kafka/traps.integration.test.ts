import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docker, restart, type Server, startKafka } from '../../../test/containers.js';
import { drain, record } from '../event-log.contract.js';
import type { EventLog, OwnedPartition } from '../event-log.js';
import { kafkaLog } from './log.js';

const { CompressionTypes, Kafka: Client, logLevel } = kafkajs;

describe.skipIf(!docker)('on a real broker', () => {
  let server: Server;
  let client: Kafka;
  let log: EventLog;
  const closing: (() => Promise<unknown>)[] = [];
  let names = 0;

  beforeAll(async () => {
    server = await startKafka();
    client = new Client({ brokers: [server.url], logLevel: logLevel.NOTHING });
    log = open();
  });
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await server[Symbol.asyncDispose]();
  });

  function open(): EventLog {
    const opened = kafkaLog({
      brokers: [server.url],
      replication: 1,
      warn: () => undefined,
      onFatal: (error) => expect.unreachable(error.message),
    });
    closing.push(() => opened.close());
    return opened;
  }

  async function topic(partitions = 1): Promise<string> {
    const name = `topic-${++names}`;
    await log.createTopics([{ name, partitions, retentionMs: null }]);
    return name;
  }

  async function producer(options: Parameters<Kafka['producer']>[0] = {}): Promise<Producer> {
    const made = client.producer({ createPartitioner: () => () => 0, ...options });
    await made.connect();
    closing.push(() => made.disconnect());
    return made;
  }

  const join = (from: EventLog, group: string, name: string): Promise<OwnedPartition> =>
    new Promise((resolve) => void from.join(group, name, resolve));

  test('many that create the same topics at once are done, or may try again', async () => {
    const names = Array.from({ length: 30 }, (_, i) => ({
      name: `same-${i}`,
      partitions: 4,
      retentionMs: null,
    }));
    const created = await Promise.allSettled(Array.from({ length: 8 }, () => open().createTopics(names)));
    const failures = created.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(failures).toEqual(failures.map(() => expect.objectContaining({ retryable: true })));
    await log.createTopics(names);
  });

  test.each([
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
  ])('reads what others compressed with %s', async (_, compression) => {
    const name = await topic();
    const values = Array.from({ length: 20 }, (__, i) => `${i} ${'same '.repeat(50)}`);
    const writer = await producer();
    await writer.send({ topic: name, compression, messages: values.map((value) => ({ value })) });
    expect(await drain(log, name)).toEqual(values);
    expect(await drain(log, name, 0, 7)).toEqual(values.slice(7));
  });

  test('hides aborted transactions that overlap, and shows the committed one between them', async () => {
    const name = await topic();
    const [one, two, three] = await Promise.all(
      ['x', 'y', 'z'].map((id) =>
        producer({ transactionalId: `${name}-${id}`, idempotent: true, maxInFlightRequests: 1 }),
      ),
    );
    const [a, b, c] = [await one?.transaction(), await two?.transaction(), await three?.transaction()];
    const zeros = Buffer.from([0, 0, 0, 0]);
    await a?.send({ topic: name, messages: [{ value: 'a1' }] });
    await b?.send({ topic: name, messages: [{ value: 'b1', key: zeros }] });
    await c?.send({ topic: name, messages: [{ value: 'c1', key: zeros }] });
    await a?.send({ topic: name, messages: [{ value: 'a2', key: zeros }] });
    await b?.abort();
    await a?.send({ topic: name, messages: [{ value: 'a3' }] });
    await c?.commit();
    await a?.abort();
    await expect.poll(() => drain(log, name), { timeout: 20_000 }).toEqual(['c1']);
  });

  test('fences a zombie that commits between the connect and the first transaction of the new owner', async () => {
    const name = await topic();
    const [before, after] = [open(), open()];
    const zombie = await join(before, 'zombies', name);
    await zombie.committed();
    await zombie.commit([{ topic: name, partition: 0, records: [record('before')] }], { next: 1 });
    // The same id as the adapter's own: connecting alone fences nobody.
    const heir = client.producer({
      transactionalId: `tidemark-zombies-${name}-0`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
    await heir.connect();
    closing.push(() => heir.disconnect());
    await zombie.commit([{ topic: name, partition: 0, records: [record('between')] }], { next: 2 });
    await (await heir.transaction()).abort();
    const late = zombie.commit([{ topic: name, partition: 0, records: [record('late')] }], { next: 3 });
    await expect(late).rejects.toMatchObject({ code: 'Fenced' });
    // Who takes over afresh sees what was committed until then, and goes on.
    expect(await zombie.committed()).toMatchObject({ next: 2 });
    await zombie.commit([{ topic: name, partition: 0, records: [record('again')] }], { next: 3 });
    await expect.poll(() => drain(after, name), { timeout: 20_000 }).toEqual(['before', 'between', 'again']);
  });

  test('ends the open transaction of a dead owner, which would hide all behind it', async () => {
    const name = await topic();
    const dead = await producer({
      transactionalId: `tidemark-dead-${name}-0`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 60_000,
    });
    const open_ = await dead.transaction();
    await open_.send({ topic: name, messages: [{ value: 'never committed' }] });
    await log.append({ topic: name, partition: 0, records: [record('hidden behind it')] });
    expect(await drain(log, name)).toEqual([]);
    // It is not the end: what lies behind it is there.
    expect(await log.range(name, 0)).toEqual({ start: 0, end: 2 });
    const since = performance.now();
    const owned = await join(open(), 'dead', name);
    expect(await owned.committed()).toBeNull();
    await expect.poll(() => drain(log, name), { timeout: 20_000 }).toEqual(['hidden behind it']);
    expect(performance.now() - since).toBeLessThan(20_000);
  });

  test('commits a checkpoint and outputs that are larger than any message may be', async () => {
    const [input, output] = [await topic(), await topic(4)];
    const owned = await join(open(), 'large', input);
    await owned.committed();
    const part = (i: number) => record(`${i}`.padEnd(480_000, 'x'));
    const checkpoint = [0, 1, 2, 3].map(part);
    const outputs = [0, 1, 2, 3].map((partition) => ({
      topic: output,
      partition,
      records: [0, 1, 2].map(part),
    }));
    const { state } = await owned.commit(outputs, { next: 0, replayFrom: 0, checkpoint });
    await expect
      .poll(async () => (await drain(log, input, 0, state ?? 0)).length, { timeout: 20_000 })
      .toBe(4);
    for (let partition = 0; partition < 4; partition++)
      expect(await drain(log, output, partition)).toHaveLength(3);
  });

  test('goes on from the first retained record where the one asked for is gone', async () => {
    const name = await topic();
    for (const value of ['a', 'b', 'c'])
      await log.append({ topic: name, partition: 0, records: [record(value)] });
    const admin = client.admin();
    await admin.connect();
    await admin.fetchTopicOffsets(name);
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '2' }] });
    await admin.disconnect();
    const reader = log.read(name, 0, 0);
    const batch = await reader.pull({ waitMs: 10_000 });
    expect([batch?.count, batch?.next]).toEqual([1, 3]);
    await reader.close();
  });

  test('a broker that is restarted is found again: what fails meanwhile can be tried again', async () => {
    const name = await topic();
    const owned = await join(open(), 'restarts', name);
    await owned.committed();
    await owned.commit([{ topic: name, partition: 0, records: [record('before')] }], { next: 1 });
    const reader = log.read(name, 0, 0);
    expect((await reader.pull({ waitMs: 5_000 }))?.count).toBe(1);
    const pulling = reader.pull({ waitMs: 100_000 });
    const stopped = restart(server);
    const append = (value: string): Promise<unknown> =>
      log.append({ topic: name, partition: 0, records: [record(value)] });
    const fails = (): Promise<unknown> =>
      append('meanwhile').then(
        () => null,
        (error: unknown) => error,
      );
    await expect
      .poll(fails, { timeout: 60_000, interval: 10 })
      .toMatchObject({ code: 'Unavailable', retryable: true });
    await stopped;
    const comes = (): Promise<boolean> =>
      append('after').then(
        () => true,
        () => false,
      );
    await expect.poll(comes, { timeout: 60_000 }).toBe(true);
    expect((await pulling)?.count).toBeGreaterThan(0);
    await expect
      .poll(
        () =>
          owned.committed().then(
            (one) => one?.next,
            () => null,
          ),
        { timeout: 60_000 },
      )
      .toBe(1);
    await owned.commit([], { next: 2 });
    await reader.close();
  });
});
