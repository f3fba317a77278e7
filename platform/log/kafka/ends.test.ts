import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import type { Cluster } from './cluster.js';
import { Ends } from './ends.js';

test('who fails ends its own connection, and not the one that others have by then', async () => {
  const connected = new Set<number>();
  const failing: ((error: Error) => void)[] = [];
  let made = 0;
  const createCluster = (): Partial<Cluster> => {
    const number = ++made;
    return {
      connect: async () => void connected.add(number),
      disconnect: async () => void connected.delete(number),
      addTargetTopic: async () => undefined,
      refreshMetadataIfNecessary: async () => undefined,
      fetchTopicsOffset: () => {
        if (number > 1) return Promise.resolve([{ partitions: [{ offset: '7' }] }]);
        return new Promise((_, reject) => {
          // kafkajs connects again where it is asked behind a disconnect.
          failing.push((error) => {
            connected.add(number);
            reject(error);
          });
        });
      },
    };
  };
  const ends = new Ends({ [Symbol('private:Kafka:createCluster')]: createCluster } as unknown as Kafka);
  const asked = [ends.of('t', 0), ends.of('t', 0)];
  await expect.poll(() => failing.length).toBe(2);
  failing[0]?.(new Error('gone'));
  await expect(asked[0]).rejects.toThrow('gone');
  expect(await ends.of('t', 0)).toEqual({ start: 7, end: 7 });
  failing[1]?.(new Error('gone'));
  await expect(asked[1]).rejects.toThrow('gone');
  expect([...connected]).toEqual([2]);
  await ends.close();
  expect([...connected]).toEqual([]);
});
