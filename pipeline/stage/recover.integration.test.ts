import kafkajs, { type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../../cli/pause.js';
import { embeddedCodec } from '../../platform/codec/embedded.js';
import type { EventLog, OwnedPartition } from '../../platform/log/event-log.js';
import { kafkaLog } from '../../platform/log/kafka/log.js';
import { docker, type Server, startKafka } from '../../test/containers.js';
import { checkpointRecords, readCheckpoint } from './checkpoint.js';
import type { RunOptions } from './options.js';

const codec = embeddedCodec();
const topic = 'partials';

describe.skipIf(!docker)('a checkpoint in a topic that others write to', () => {
  let server: Server;
  let log: EventLog;
  let writer: Producer;
  beforeAll(async () => {
    server = await startKafka();
    log = kafkaLog({
      brokers: [server.url],
      warn: () => undefined,
      onFatal: (error) => expect.unreachable(error.message),
    });
    const { Kafka, logLevel } = kafkajs;
    writer = new Kafka({ brokers: [server.url], logLevel: logLevel.NOTHING }).producer({
      transactionalId: 'dead',
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 5_000,
      createPartitioner: () => () => 0,
    });
  });
  afterAll(async () => {
    await writer?.disconnect();
    await log?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test('is read although the open transaction of a dead writer hides it for a while', async () => {
    await log.createTopics([{ name: topic, partitions: 1, retentionMs: null }]);
    await writer.connect();
    const never = await writer.transaction();
    await never.send({ topic, messages: [{ value: 'never committed' }] });
    const owned = await new Promise<OwnedPartition>((resolve) => void log.join('evaluate', topic, resolve));
    await owned.committed();
    const state = Buffer.from('a state');
    const checkpoint = checkpointRecords(codec, 'evaluate-0-0', state);
    const position = await owned.commit([], { next: 0, replayFrom: 0, checkpoint });
    const options = { codec, pause, warn: () => undefined } as unknown as RunOptions;
    expect(await readCheckpoint(owned, options, position.state ?? -1)).toEqual(state);
  });
});
