import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { record } from '../event-log.contract.js';
import { Appender } from './appender.js';

function harness(connect: () => Promise<void>) {
  let made = 0;
  const kafka = {
    producer: () => {
      made++;
      return {
        connect,
        disconnect: async () => undefined,
        sendBatch: async () => [{ topicName: 'a', partition: 0, baseOffset: '7' }],
      };
    },
  } as unknown as Kafka;
  const output = { topic: 'a', partition: 0, records: [record('one')] };
  const appender = new Appender(kafka);
  return { appender, append: () => appender.append(output), made: () => made };
}

test('a producer that could not connect is never used: the next append makes a new one', async () => {
  let fails = true;
  const { append, appender, made } = harness(async () => {
    if (fails) throw new Error('no broker');
  });
  await expect(append()).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
  fails = false;
  expect([await append(), made()]).toEqual([7, 2]);
  await appender.close();
});

test('makes no producer once it is closed', async () => {
  const { append, appender, made } = harness(async () => undefined);
  await appender.close();
  await expect(append()).rejects.toMatchObject({ code: 'Closed' });
  expect(made()).toBe(0);
});
