import type { Kafka, ProducerBatch } from 'kafkajs';
import { expect, test } from 'vitest';
import { record } from '../event-log.contract.js';
import { Appender } from './appender.js';

function harness(connect: () => Promise<void>, most = Number.POSITIVE_INFINITY) {
  let made = 0;
  const kafka = {
    producer: () => {
      made++;
      return {
        connect,
        disconnect: async () => undefined,
        sendBatch: async ({ topicMessages }: ProducerBatch) => {
          const values = topicMessages?.flatMap(({ messages }) => messages.map(({ value }) => value)) ?? [];
          if (values.some((value) => (value?.length ?? 0) > most))
            throw Object.assign(new Error('larger than the max'), { type: 'MESSAGE_TOO_LARGE' });
          return [{ topicName: 'a', partition: 0, baseOffset: '7' }];
        },
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

test('an append that the broker finds too large is refused alone, for good, with the way out', async () => {
  const { appender } = harness(async () => undefined, 600_000);
  const append = (size: number) =>
    appender.append({ topic: 'a', partition: 0, records: [record('x'.repeat(size))] });
  const all = await Promise.allSettled([append(1), append(700_000), append(2)]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(all[1]).toMatchObject({
    reason: {
      code: 'TooLarge',
      retryable: false,
      message: expect.stringMatching(/^appending to a: larger than the max \(raise .*max\.message\.bytes/),
    },
  });
  await appender.close();
});
