import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docker, type Server, startKafka } from '../../../test/containers.js';
import { befall } from '../../../test/outage.js';
import type { EventLog, OwnedPartition } from '../event-log.js';
import { kafkaLog } from './log.js';

describe.skipIf(!docker)('a membership', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const open = (): EventLog =>
    kafkaLog({
      brokers: [server.url],
      warn: () => undefined,
      onFatal: (error) => expect.unreachable(error.message),
    });

  test('that has ended leaves nobody waiting to take over', async () => {
    const log = open();
    await log.createTopics([{ name: 'ended', partitions: 1, retentionMs: null }]);
    const got: OwnedPartition[] = [];
    const membership = await log.join('ended', 'ended', (one) => got.push(one));
    const owned = got[0] as OwnedPartition;
    await owned.committed();
    expect(membership.member).toBe(true);
    await membership.leave();
    expect(membership.member).toBe(false);
    await expect(owned.committed()).rejects.toMatchObject({ code: 'Fenced' });
    await log.close();
  });

  test('is none while the broker does not hear of it, and whoever waits to take over is told', async () => {
    const log = open();
    await log.createTopics([{ name: 'unheard', partitions: 1, retentionMs: null }]);
    const got: OwnedPartition[] = [];
    const membership = await log.join('unheard', 'unheard', (one) => got.push(one));
    const owned = got[0] as OwnedPartition;
    await owned.committed();
    await befall(server, 'pause');
    try {
      await expect.poll(() => membership.member, { timeout: 20_000 }).toBe(false);
      await expect(owned.committed()).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    } finally {
      await befall(server, 'unpause');
    }
    await expect.poll(() => membership.member, { timeout: 60_000 }).toBe(true);
    await membership.leave();
    await log.close();
  });
});
