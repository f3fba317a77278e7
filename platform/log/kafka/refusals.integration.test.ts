import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docker, type Server, startKafka } from '../../../test/containers.js';
import { drain, record } from '../event-log.contract.js';
import type { EventLog, OwnedPartition } from '../event-log.js';
import { kafkaLog } from './log.js';

const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka: Client,
  logLevel,
  ResourcePatternTypes,
} = kafkajs;

describe.skipIf(!docker)('a broker', () => {
  let server: Server;
  let admin: Admin;
  let log: EventLog;
  const warned: string[] = [];
  let names = 0;

  beforeAll(async () => {
    server = await startKafka({
      KAFKA_AUTHORIZER_CLASS_NAME: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: 'true',
    });
    admin = new Client({ brokers: [server.url], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    log = kafkaLog({
      brokers: [server.url],
      warn: (text) => warned.push(text),
      onFatal: (error) => expect.unreachable(error.message),
    });
  });
  afterAll(async () => {
    await admin?.disconnect();
    await log?.close();
    await server?.[Symbol.asyncDispose]();
  });

  async function topic(settings: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `topic-${++names}`;
    const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: name, configEntries }] });
    return name;
  }

  const join = (group: string, name: string): Promise<OwnedPartition> =>
    new Promise((resolve) => void log.join(group, name, resolve));

  test('that finds a record too large says so for good: append, writer and commit, and goes on', async () => {
    const [input, small] = [await topic(), await topic({ 'max.message.bytes': '100000' })];
    const output = { topic: small, partition: 0, records: [record('x'.repeat(600_000))] };
    const refusal = {
      code: 'TooLarge',
      retryable: false,
      message: expect.stringContaining("raise the topic's max.message.bytes"),
    };
    const appended = await Promise.allSettled([
      log.append({ ...output, records: [record('a')] }),
      log.append(output),
      log.append({ ...output, records: [record('b')] }),
    ]);
    expect(appended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(appended[1]).toMatchObject({ reason: refusal });
    const writer = await log.writer('writer', small, 0);
    await expect(writer.append(output.records)).rejects.toMatchObject(refusal);
    const owned = await join('large', input);
    await owned.committed();
    await expect(owned.commit([output], { next: 1 })).rejects.toMatchObject(refusal);
    // Nothing of it was written, and whoever takes over goes on.
    expect(await owned.committed()).toBeNull();
    await (await log.writer('writer', small, 0)).append([record('c')]);
    await expect.poll(() => drain(log, small), { timeout: 30_000 }).toEqual(['a', 'b', 'c']);
  });

  test('that lets nobody write to a topic says which right it takes, also where others are written to', async () => {
    const [input, others, closed] = [await topic(), await topic(), await topic()];
    await admin.createAcls({
      acl: [
        {
          ...{ resourceType: AclResourceTypes.TOPIC, resourceName: closed },
          ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:*', host: '*' },
          ...{ operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW },
        },
      ],
    });
    const owned = await join('rights', input);
    await owned.committed();
    const outputs = [others, closed].map((name) => ({ topic: name, partition: 0, records: [record('a')] }));
    await expect(owned.commit(outputs, { next: 1 })).rejects.toMatchObject({ code: 'Refused' });
    await owned.committed();
    await expect(owned.commit(outputs.reverse(), { next: 1 })).rejects.toMatchObject({ code: 'Refused' });
    expect(await owned.committed()).toBeNull();
  });

  test('that compressed with zstd is told of by name, at once and for good', async () => {
    const name = await topic({ 'compression.type': 'zstd' });
    await log.append({ topic: name, partition: 0, records: [record('a')] });
    const reader = log.read(name, 0, 0);
    await expect(reader.pull({ waitMs: 5_000 })).rejects.toMatchObject({
      code: 'Unreadable',
      retryable: false,
      message: expect.stringMatching(/^reading topic-\d+\/0: .*compressed with zstd.*gzip, snappy or lz4$/),
    });
    await reader.close();
  });

  test('whose topic ends before what is committed is read from its first record, and that is said', async () => {
    const name = await topic();
    const owned = await join('anew', name);
    await owned.committed();
    await log.append({ topic: name, partition: 0, records: [record('a'), record('b')] });
    await owned.commit([], { next: 2 });
    expect(await owned.committed()).toMatchObject({ next: 2 });
    // As one commits under whom the topic is created anew.
    await owned.commit([], { next: 7 });
    warned.length = 0;
    expect(await owned.committed()).toBeNull();
    expect(
      warned.filter((text) => text.includes('offset 7 is committed, but the log ends at 2')),
    ).toHaveLength(1);
  });

  test('whose topic gains partitions is asked again', async () => {
    const name = await topic();
    expect(await log.partitions(name)).toBe(1);
    const beyond = { topic: name, partition: 1, records: [record('a')] };
    await expect(log.append(beyond)).rejects.toMatchObject({ code: 'UnknownTopic' });
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: 2 }] });
    const appended = (): Promise<unknown> => log.append(beyond).catch(() => null);
    await expect.poll(appended, { timeout: 30_000, interval: 200 }).toBe(0);
    expect(await log.partitions(name)).toBe(2);
  });
});
