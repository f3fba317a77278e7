import { expect, test, vi } from 'vitest';
import type { Cluster, Fetching } from './cluster.js';
import { KafkaReader, type ReaderOptions } from './reader.js';

const failure = (type: string): Error => Object.assign(new Error(type), { type });

function harness(behaviour: Partial<Cluster<Fetching>>, first = 0) {
  let open = 0;
  let now = 0;
  const warned: string[] = [];
  const cluster = (): Cluster<Fetching> => ({
    connect: async () => void open++,
    disconnect: async () => void open--,
    addTargetTopic: async () => undefined,
    refreshMetadata: async () => undefined,
    refreshMetadataIfNecessary: async () => undefined,
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: () => Promise.reject(failure('none')),
    findGroupCoordinatorMetadata: () => Promise.reject(failure('none')),
    fetchTopicsOffset: async () => [],
    ...behaviour,
  });
  const options: ReaderOptions = {
    ...{ topic: 'a', partition: 0, from: 9, cluster },
    fetching: (broker) => broker,
    first: async () => first,
    clock: () => now,
    pause: async (ms) => {
      now += ms;
    },
    warn: (text) => warned.push(text),
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  return { reader: new KafkaReader(options), open: () => open, warned, pass };
}

test('a connection that cannot be used is not left behind', async () => {
  const { reader, open } = harness({ addTargetTopic: () => Promise.reject(failure('LEADER_NOT_AVAILABLE')) });
  await expect(reader.pull({ waitMs: 0 })).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
  expect(open()).toBe(0);
});

test.each(['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_FOR_PARTITION', 'a connection that was refused'])(
  'asks who leads after %s',
  async (type) => {
    let moved = false;
    const { reader } = harness({
      refreshMetadata: async () => {
        moved = true;
      },
      findBroker: async () => {
        if (!moved) throw failure(type);
        return { fetch: async () => ({ responses: [] }) };
      },
    });
    expect(await reader.pull({ waitMs: 0 })).toBeNull();
    await reader.close();
  },
);

test('waits no longer than told beyond the end, and says so once', async () => {
  const { reader, warned } = harness({ findBroker: () => Promise.reject(failure('OFFSET_OUT_OF_RANGE')) });
  for (let i = 0; i < 2; i++) expect(await reader.pull({ waitMs: 1_000 })).toBeNull();
  expect(warned).toEqual([
    expect.stringMatching(/^reading a\/0: the log ends before offset 9, .* start this process again$/),
  ]);
  await reader.close();
});

test('what no second try mends is told at once', async () => {
  let tries = 0;
  const { reader } = harness({
    findBroker: () => {
      tries++;
      return Promise.reject(failure('TOPIC_AUTHORIZATION_FAILED'));
    },
  });
  await expect(reader.pull({ waitMs: 1_000 })).rejects.toMatchObject({ code: 'Refused', retryable: false });
  expect(tries).toBe(1);
  await reader.close();
});

test('says once what a transaction hides that stays open', async () => {
  let end = '12';
  const { reader, warned, pass } = harness({
    findBroker: async () => ({
      fetch: async ({ maxWaitTime }) => {
        pass(maxWaitTime);
        const found = {
          partition: 0,
          errorCode: 0,
          highWatermark: end,
          abortedTransactions: [],
          messages: [],
        };
        return { responses: [{ partitions: [found] }] };
      },
    }),
  });
  expect(await reader.pull({ waitMs: 59_000 })).toBeNull();
  expect(warned).toEqual([]);
  end = '15';
  for (let i = 0; i < 2; i++) expect(await reader.pull({ waitMs: 70_000 })).toBeNull();
  expect(warned).toEqual([
    expect.stringMatching(
      /^reading a\/0: a transaction has been open at offset 9 .* hides 6 offsets; .*find-hanging/,
    ),
  ]);
  end = '9';
  expect(await reader.pull({ waitMs: 70_000 })).toBeNull();
  expect(warned).toHaveLength(1);
  await reader.close();
});

test('a close waits for the pull under way, which would connect the cluster again', async () => {
  const told: string[] = [];
  const { reader } = harness({
    refreshMetadataIfNecessary: async () => {
      told.push('asked');
      await vi.waitFor(() => expect(closed).toBeDefined());
    },
    findBroker: async () => {
      told.push('connected');
      return { fetch: async () => ({ responses: [] }) };
    },
    disconnect: async () => void told.push('disconnected'),
  });
  let closed: Promise<void> | undefined;
  const pulled = reader.pull({ waitMs: 60_000 });
  await vi.waitFor(() => expect(told).toEqual(['asked']));
  closed = reader.close();
  expect([await pulled, await closed]).toEqual([null, undefined]);
  expect(told).toEqual(['asked', 'connected', 'disconnected']);
});

test('asks for twice as much each time, up to a bound, so that the first of a backlog are soon there', async () => {
  const asked: unknown[] = [];
  const fetch = vi.fn<Fetching['fetch']>(async ({ maxBytes, topics: [topic] }) => {
    asked.push([maxBytes, topic?.partitions[0]?.maxBytes]);
    return { responses: [] };
  });
  const { reader } = harness({ findBroker: async () => ({ fetch }) });
  for (let i = 0; i < 5; i++) await reader.pull({ waitMs: 0 });
  const MiB = 1024 * 1024;
  expect(asked).toEqual([0.5, 1, 2, 4, 4].map((much) => [much * MiB, much * MiB]));
  await reader.close();
});
