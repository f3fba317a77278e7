import { afterAll, beforeAll, describe, expect } from 'vitest';
import { docker, type Server, startKafka } from '../../../test/containers.js';
import { eventLogContract, type LogFixture } from '../event-log.contract.js';
import { writerContract } from '../writer.contract.js';
import { kafkaLog } from './log.js';

describe.skipIf(!docker)('over a real broker', () => {
  let kafka: Server;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka[Symbol.asyncDispose]());

  let fixtures = 0;
  const fixture = async (by: 'batch' | 'record'): Promise<LogFixture> => {
    const n = ++fixtures;
    const open = () =>
      kafkaLog({
        brokers: [kafka.url],
        replication: 1,
        by,
        warn: (message) => console.warn(message),
        onFatal: (error) => expect.unreachable(error.message),
      });
    const logs = [open()];
    return {
      log: logs[0] as ReturnType<typeof open>,
      topics: { input: `in-${n}`, output: `out-${n}` },
      group: `group-${n}`,
      reopen: async () => {
        await logs.at(-1)?.close();
        const log = open();
        logs.push(log);
        return log;
      },
      tick: async (ms) => {
        const until = Date.now() + ms;
        const patience = { interval: 5, timeout: ms + 5_000 };
        await expect.poll(() => Date.now(), patience).toBeGreaterThan(until);
      },
      now: Date.now,
      close: async () => void (await logs.at(-1)?.close()),
    };
  };
  eventLogContract('Kafka', () => fixture('batch'));
  eventLogContract('Kafka, record by record', () => fixture('record'));
  writerContract('Kafka', () => fixture('batch'));
});
